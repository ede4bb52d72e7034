import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The stories of tests/e2e/browser, which drive a real browser. pytest starts the system and then runs this. */
export default defineConfig({
  root: here("."),
  resolve: {
    // The stories live outside this folder, and what they need is installed in it.
    alias: Object.fromEntries(
      ["vitest", "playwright-core", "axe-core"].map((name) => [name, here(`node_modules/${name}`)]),
    ),
  },
  test: {
    include: [here("../tests/e2e/browser/*.story.ts")],
    globalSetup: here("../tests/e2e/browser/browser.ts"),
    // One after the other: some of them stop the API.
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 50 } },
  },
});

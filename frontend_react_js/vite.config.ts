import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Where `npm run dev` finds the API: bin/dev's, if nothing else is said.
const api = process.env["API_URL"] ?? "http://127.0.0.1:4567";

export default defineConfig({
  plugins: [react()],
  // Nothing as a data: address, which the policy of the page refuses.
  build: { assetsInlineLimit: 0, manifest: true, chunkSizeWarningLimit: 400 },
  server: { port: 3000, strictPort: true, proxy: { "/api": api, "/config.json": api } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});

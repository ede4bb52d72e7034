/** One Chromium for all stories. */
import { chromium } from "playwright-core";

// Nothing that the browser does on its own account: it would look for hosts on the internet.
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default async function start() {
  const server = await chromium.launchServer({ executablePath: process.env["CHROMIUM"] ?? "", args: ARGUMENTS });
  process.env["STORY_BROWSER"] = server.wsEndpoint();
  return () => server.close();
}

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { arrived, asked, bubble, newPeople, stage, windowOf, write } from "./stage.ts";

const STREAM = "**/api/messages/stream";

/** What the window asks of the API from now on, apart from the stream. */
function questionsOf(page: Page): string[] {
  const questions: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() === "GET" && pathname.startsWith("/api/") && !pathname.endsWith("/stream")) questions.push(pathname);
  });
  return questions;
}

/** Until nothing has been asked for a while, longer than between two questions of a window without a stream. */
async function quiet(questions: string[]): Promise<void> {
  do {
    questions.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 1_800));
  } while (questions.length);
}

describe("live events", () => {
  stage();

  test("bring what others say, change and delete, and nothing has to be asked for", async () => {
    const [one, other] = await newPeople("Cole", "Stephen");
    const { message_group_uuid: group } = await write(other.token, one.handle, "Rangers, to me.");
    const page = await windowOf(one, "/");
    const questions = questionsOf(page);
    const connected = page.waitForResponse((response) => response.url().endsWith("/stream") && response.ok());
    await page.goto(`/messages/${group}`);
    await arrived(page, "Rangers, to me.").waitFor();
    await connected;
    await quiet(questions);

    const sent = await write(other.token, one.handle, "We live for the won.");
    await arrived(page, "We live for the won.").waitFor();
    const address = `/api/messages/${group}/${sent.uuid}`;
    await asked(other.token, "PATCH", address, { message: "We live for the one." });
    await arrived(page, "We live for the one.").waitFor();
    await expect.poll(() => page.locator(".preview").textContent()).toBe("We live for the one.");
    await asked(other.token, "DELETE", address);
    await bubble(page, "Message deleted").waitFor();
    expect(questions).toEqual([]);
  });

  test("tell one window what was read in another", async () => {
    const [one, other] = await newPeople("Corwin", "Lochley");
    const { message_group_uuid: group } = await write(other.token, one.handle, "Captain on deck.");
    const idle = await windowOf(one);
    await expect.poll(() => idle.title()).toBe("(1) Messages · Cruddur");
    const reading = await windowOf(one, `/messages/${group}`);
    await arrived(reading, "Captain on deck.").waitFor();
    await expect.poll(() => idle.title()).toBe("Messages · Cruddur");
  });

  test("that cannot be had are replaced by asking, and taken up again", async () => {
    const [one, other] = await newPeople("Warren", "Amis");
    const { message_group_uuid: group } = await write(other.token, one.handle, "Is anybody there?");
    const page = await windowOf(one, "/");
    await page.route(STREAM, (route) => route.fulfill({ status: 503, headers: { "Retry-After": "3" }, body: "{}" }));
    await page.goto(`/messages/${group}`);
    await arrived(page, "Is anybody there?").waitFor();
    const questions = questionsOf(page);
    await write(other.token, one.handle, "I hear nothing.");
    await arrived(page, "I hear nothing.").waitFor();
    expect(questions.length).toBeGreaterThan(0);
    const again = page.waitForResponse((response) => response.url().endsWith("/stream") && response.status() === 200);
    await page.unroute(STREAM);
    await again;
    await write(other.token, one.handle, "There you are.");
    await arrived(page, "There you are.").waitFor();
  });
});

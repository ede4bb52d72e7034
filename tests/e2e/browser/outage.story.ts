import { describe, expect, test } from "vitest";
import { arrived, asked, bubble, control, newPeople, say, stage, windowOf, write } from "./stage.ts";

describe("an outage", () => {
  stage();

  test("what is sent while the API is stopped arrives once, in order, when it is back", async () => {
    const [one, other] = await newPeople("Draal", "Varn");
    const { message_group_uuid: group } = await write(other.token, one.handle, "The machine is failing.");
    const page = await windowOf(one, `/messages/${group}`);
    await arrived(page, "The machine is failing.").waitFor();
    await control("stop", "api");
    await say(page, "I will take your place.");
    await say(page, "It is time.");
    await page.getByText("No connection").waitFor();
    expect(await bubble(page, "I will take your place.").count()).toBe(1);
    await control("start", "api");
    await arrived(page, "It is time.").waitFor();
    await expect.poll(() => page.locator(".outgoing").count()).toBe(0);
    const texts = await asked<{ message: string }[]>(one.token, "GET", `/api/messages/${group}?order=asc`);
    expect(texts.map((each) => each.message)).toEqual([
      "The machine is failing.",
      "I will take your place.",
      "It is time.",
    ]);
    await page.getByText("No connection").waitFor({ state: "hidden" });
  });

  test("an answer that was lost on the way does not send a message twice", async () => {
    const [one, other] = await newPeople("Elric", "Galen");
    const { message_group_uuid: group } = await write(other.token, one.handle, "What do you want?");
    const page = await windowOf(one, `/messages/${group}`);
    await arrived(page, "What do you want?").waitFor();
    let lost = 0;
    await page.route("**/api/messages", async (route) => {
      if (lost++) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await say(page, "Never ask that question.");
    await expect.poll(() => lost).toBe(2);
    await expect.poll(() => page.locator(".outgoing").count()).toBe(0);
    expect(await bubble(page, "Never ask that question.").count()).toBe(1);
    expect(await asked<unknown[]>(one.token, "GET", `/api/messages/${group}`)).toHaveLength(2);
  });

  test("what was written offline is sent after the page was closed and opened again", async () => {
    const [one, other] = await newPeople("Byron", "Lyta");
    const { message_group_uuid: group } = await write(other.token, one.handle, "Remember me.");
    const page = await windowOf(one, `/messages/${group}`);
    await arrived(page, "Remember me.").waitFor();
    await page.route("**/api/messages", (route) => route.abort());
    await say(page, "Always.");
    await page.locator(".outgoing").waitFor();
    await page.unroute("**/api/messages");
    await page.reload();
    await arrived(page, "Always.").waitFor();
    expect(await asked<unknown[]>(one.token, "GET", `/api/messages/${group}`)).toHaveLength(2);
  });

  test("what the API will never take is said, kept, and can be discarded", async () => {
    const [one, other] = await newPeople("Bester", "Alfred");
    const { message_group_uuid: group } = await write(other.token, one.handle, "The corps is mother.");
    const page = await windowOf(one, `/messages/${group}`);
    await page.route("**/api/messages", (route) =>
      route.fulfill({ status: 422, contentType: "application/json", body: '["message_invalid"]' }),
    );
    await say(page, "The corps is father.");
    await page.getByText("Not sent. This text has characters that cannot be stored.").waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
    await expect.poll(() => page.locator(".outgoing").count()).toBe(0);
  });

  test("while the stream trigger is stopped a conversation goes on, and the list catches up when it is back", async () => {
    const [one, other] = await newPeople("Sheridan", "Kosh Naranek");
    const { message_group_uuid: group } = await write(other.token, one.handle, "Understanding is a three edged sword.");
    const page = await windowOf(one);
    await page.getByText("Understanding is a three edged sword.").waitFor();
    await control("stop", "trigger");
    await write(other.token, one.handle, "Your side, their side, and the truth.");
    await page.goto(`/messages/${group}`);
    await arrived(page, "Your side, their side, and the truth.").waitFor();
    await control("start", "trigger");
    await expect.poll(() => page.locator(".preview").textContent()).toBe("Your side, their side, and the truth.");
  });
});

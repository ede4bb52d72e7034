import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { arrived, asked, bubble, bubbles, newPeople, say, stage, windowOf, write } from "./stage.ts";

const act = async (page: Page, menu: string, item: string) => {
  await page.getByRole("button", { name: menu }).click();
  await page.getByRole("button", { name: item, exact: true }).click();
};
const ABOUT = "About this conversation";

describe("groups, and what can be changed", () => {
  stage();

  test("three people talk in a group that one of them has started, and one leaves", async () => {
    const [one, two, three] = await newPeople("Dukhat", "Neroon", "Shakiri");
    const page = await windowOf(one, "/messages/group");
    await page.getByLabel("Title").fill("Grey Council");
    for (const person of [two, three]) {
      await page.getByRole("combobox", { name: "To:" }).pressSequentially(person.handle);
      await page.getByRole("option", { name: new RegExp(person.handle) }).click();
    }
    await say(page, "The council is called.");
    await page.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
    await page.getByRole("heading", { name: /Grey Council/ }).waitFor();

    const theirs = await windowOf(two);
    await theirs.getByRole("link", { name: /Grey Council/ }).click();
    await arrived(theirs, "The council is called.").waitFor();
    await theirs.locator(".said-by", { hasText: "Dukhat" }).waitFor();
    await say(theirs, "I am here.");
    await arrived(page, "I am here.").waitFor();

    await act(page, ABOUT, "People and settings");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "3 people" }).waitFor();
    await dialog.getByLabel("Title").fill("War Council");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Remove Shakiri" }).click();
    await dialog.getByRole("heading", { name: "2 people" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: /War Council/ }).waitFor();

    await act(theirs, ABOUT, "People and settings");
    await theirs.getByRole("button", { name: "Leave the group" }).click();
    await theirs.getByText("No messages yet").waitFor();
  });

  test("a message is edited and deleted, and the other sees it", async () => {
    const [one, two] = await newPeople("Catherine", "Na'Toth");
    const { message_group_uuid: group } = await write(one.token, two.handle, "Meat me at noon.");
    const [mine, theirs] = [await windowOf(one, `/messages/${group}`), await windowOf(two, `/messages/${group}`)];
    await arrived(theirs, "Meat me at noon.").waitFor();
    await mine.locator(".said").hover();
    await act(mine, "What to do with this message", "Edit");
    await mine.getByLabel("Edit your message").fill("Meet me at noon.");
    await mine.getByLabel("Edit your message").press("Enter");
    await arrived(mine, "Meet me at noon.").waitFor();
    await mine.locator(".said-at", { hasText: "edited" }).waitFor();
    await arrived(theirs, "Meet me at noon.").waitFor();

    mine.on("dialog", (dialog) => void dialog.accept());
    await mine.locator(".said").hover();
    await act(mine, "What to do with this message", "Delete");
    await bubble(mine, "Message deleted").waitFor();
    await mine.getByText("The message is gone").waitFor();
    await bubble(theirs, "Message deleted").waitFor();
    expect(await bubbles(theirs).count()).toBe(1);
  });

  test("what was changed in another window meanwhile is not overwritten", async () => {
    const [one, two] = await newPeople("Turhan", "Malachi");
    const sent = await write(one.token, two.handle, "first");
    const page = await windowOf(one, `/messages/${sent.message_group_uuid}`);
    await page.locator(".said").hover();
    await act(page, "What to do with this message", "Edit");
    await page.route("**/api/messages/*/*", (route) =>
      route.request().method() === "PATCH"
        ? asked(one.token, "PATCH", `/api/messages/${sent.message_group_uuid}/${sent.uuid}`, { message: "second" }).then(() => route.continue())
        : route.continue(),
    );
    await page.getByLabel("Edit your message").fill("third");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("This message was changed in another window").waitFor();
  });

  test("a conversation is muted, hidden, and a person blocked and unblocked", async () => {
    const [one, two] = await newPeople("Rogue", "Telepath");
    const { message_group_uuid: group } = await write(two.token, one.handle, "I know what you think.");
    const page = await windowOf(one, `/messages/${group}`);
    await arrived(page, "I know what you think.").waitFor();
    await act(page, ABOUT, "Mute");
    await page.locator(".row-bottom .icon").waitFor();
    await act(page, ABOUT, "Block Telepath");
    await page.getByText("You have blocked Telepath.").waitFor();
    await page.getByRole("link", { name: "Profile" }).click();
    await page.getByText("Blocked people").click();
    await page.getByRole("button", { name: "Unblock" }).click();
    await expect.poll(() => page.getByText("Blocked people").count()).toBe(0);
    await page.goto(`/messages/${group}`);
    await page.getByLabel("Message", { exact: true }).waitFor();
    await act(page, ABOUT, "Hide until the next message");
    await page.getByText("No messages yet").waitFor();
    await write(two.token, one.handle, "And I am still here.");
    await page.getByText("And I am still here.").waitFor();
  });

  test("messages can be set to vanish", async () => {
    const [one, two] = await newPeople("Vorlon", "Shadow");
    const { message_group_uuid: group } = await write(two.token, one.handle, "Who are you?");
    const page = await windowOf(one, `/messages/${group}`);
    await act(page, ABOUT, "Settings");
    await page.getByLabel("Messages that are sent from now on stay").selectOption("an hour");
    await expect.poll(async () => (await asked<{ ttl: string }>(one.token, "GET", `/api/message_groups/${group}`)).ttl).toBe("1-hour");
  });
});

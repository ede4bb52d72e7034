import { describe, expect, test } from "vitest";
import { arrived, bubble, newPeople, say, stage, windowOf, write } from "./stage.ts";

describe("two people", () => {
  stage();

  test("chat live in two windows, and the list of each follows", async () => {
    const [ivanova, garibaldi] = await newPeople("Susan Ivanova", "Michael Garibaldi");
    const hers = await windowOf(ivanova, `/messages/new/${garibaldi.handle}`);
    const his = await windowOf(garibaldi);
    await his.getByText("No messages yet").waitFor();

    await say(hers, "Have you seen the captain?");
    await hers.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
    await his.getByRole("link", { name: /Susan Ivanova.*Have you seen the captain/s }).waitFor();
    await expect.poll(() => his.title()).toBe("(1) Messages · Cruddur");

    await his.getByRole("link", { name: /Susan Ivanova/ }).click();
    await arrived(his, "Have you seen the captain?").waitFor();
    await expect.poll(() => his.title()).toBe("Messages · Cruddur");
    await say(his, "On the observation deck.");
    await arrived(hers, "On the observation deck.").waitFor();
    expect(await bubble(hers, "On the observation deck.").count()).toBe(1);
    await expect.poll(() => hers.locator(".preview").textContent()).toBe("On the observation deck.");
    await expect.poll(() => his.locator(".preview").textContent()).toBe("You: On the observation deck.");
  });

  test("a draft stays with its conversation, over a reload, until it is sent", async () => {
    const [one, other] = await newPeople("Lennier", "Marcus");
    await write(other.token, one.handle, "Are you there?");
    const page = await windowOf(one);
    // The list shows what is unread before it shows a draft.
    const isRead = page.waitForResponse((answer) => answer.url().endsWith("/read") && answer.ok());
    await page.getByRole("link", { name: /Marcus/ }).click();
    await isRead;
    await page.getByLabel("Message", { exact: true }).fill("I was about to");
    await page.getByRole("link", { name: "New message" }).click();
    await page.reload();
    await page.getByText("Draft: I was about to").waitFor();
    await page.getByRole("link", { name: /Marcus/ }).click();
    await expect.poll(() => page.getByLabel("Message", { exact: true }).inputValue()).toBe("I was about to");
    await page.getByLabel("Message", { exact: true }).press("Enter");
    await arrived(page, "I was about to").waitFor();
    expect(await page.getByLabel("Message", { exact: true }).inputValue()).toBe("");
  });

  test("a new message finds its receiver as one types, and the conversation that there is already", async () => {
    const [one, other] = await newPeople("Talia", "Jeffrey Sinclair");
    const { message_group_uuid: group } = await write(one.token, other.handle, "It has begun.");
    const page = await windowOf(one, "/messages/new");
    await page.getByRole("combobox", { name: "To:" }).pressSequentially("jeffrey sin");
    await page.getByRole("option", { name: new RegExp(other.handle) }).waitFor();
    await page.getByRole("combobox", { name: "To:" }).press("Enter");
    await page.waitForURL(`**/messages/${group}`);
    await arrived(page, "It has begun.").waitFor();
  });

  test("what is too long cannot be sent, and says by how much", async () => {
    const [one, other] = await newPeople("Kosh", "Ulkesh");
    const page = await windowOf(one, `/messages/new/${other.handle}`);
    await page.getByLabel("Message", { exact: true }).fill("🌠".repeat(1030));
    await page.getByText("-6 characters left").waitFor();
    expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    await page.getByLabel("Message", { exact: true }).fill("🌠".repeat(1024));
    expect(await page.getByRole("button", { name: "Send" }).isEnabled()).toBe(true);
  });
});

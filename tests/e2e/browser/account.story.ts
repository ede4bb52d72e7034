import { describe, expect, test } from "vitest";
import { bubble, newPerson, password, say, seeded, signIn, stage, window, windowOf } from "./stage.ts";

describe("an account", () => {
  stage();

  test("somebody signs up, confirms, signs in and is known by the handle that they chose", async () => {
    const page = await window();
    await page.goto("/");
    await page.getByRole("link", { name: "Create an account" }).click();
    const handle = `ada${Date.now()}`;
    await page.getByLabel("Name").fill("Ada Lovelace");
    await page.getByLabel("Handle").fill(handle);
    await page.getByLabel("E-mail").fill(`${handle}@cruddur.example`);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create the account" }).click();
    await page.waitForURL("**/confirm");
    await page.getByLabel("Code").fill("123456");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.waitForURL("**/signin");
    await page.getByText("Your account is confirmed").waitFor();
    await signIn(page, { handle, name: "Ada Lovelace", email: `${handle}@cruddur.example` });
    await page.getByText("No messages yet").waitFor();
    await page.getByRole("link", { name: "Profile" }).click();
    await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/@${handle}`);
  });

  test("who is not signed in comes to the sign-in page, and from there to where they wanted to go", async () => {
    const person = await newPerson("Susan");
    const page = await window();
    await page.goto("/messages/new/londo");
    await page.waitForURL("**/signin");
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/messages/new/londo");
    await page.getByRole("heading", { name: "Londo Mollari" }).waitFor();
  });

  test("a second window of one browser can be somebody else, and a reload keeps it so", async () => {
    const first = await windowOf(seeded("gkar", "G'Kar"));
    const second = await first.context().newPage();
    await second.goto("/messages");
    await second.getByRole("button", { name: "Account" }).click();
    await second.getByRole("button", { name: "Somebody else in this window" }).click();
    await second.waitForURL("**/signin");
    await signIn(second, seeded("delenn", "Delenn"));
    await second.goto("/messages/new/gkar");
    await first.goto("/messages/new/delenn");
    await say(second, "Good morning, G'Kar.");
    await bubble(first, "Good morning, G'Kar.").waitFor();
    await say(first, "Delenn! You are up early.");
    await bubble(second, "You are up early.").waitFor();
    for (const [page, name] of [[first, "G'Kar"], [second, "Delenn"]] as const) {
      await page.reload();
      await page.locator(".account").getByText(name, { exact: true }).waitFor();
    }
  });

  test("signing out forgets what was read", async () => {
    const person = await newPerson("Zathras");
    const page = await window();
    await page.goto("/signin");
    await signIn(page, person);
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/signin");
    await page.goto("/messages");
    await page.waitForURL("**/signin");
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain("accessToken");
  });

  test("a forgotten password leads to a code and a new password", async () => {
    const person = await newPerson("Vir");
    const page = await window();
    await page.goto("/signin");
    await page.getByRole("link", { name: "Forgot the password?" }).click();
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByRole("button", { name: "Send a code" }).click();
    await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
    await page.getByLabel("Code").fill("moto-confirmation-code:123invalid");
    await page.getByLabel("Password").fill(`${password}2`);
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByRole("alert").waitFor();
  });
});

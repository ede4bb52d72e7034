import { describe, expect, test } from "vitest";
import { arrived, newPeople, newPerson, say, stage, windowOf, write } from "./stage.ts";

const refused = (code: string) => ({
  status: 401,
  contentType: "application/problem+json",
  body: JSON.stringify({ type: "about:blank", title: "Unauthorized", status: 401, code }),
});

describe("a token", () => {
  stage();

  test("that the API finds expired is exchanged once, and the person notices nothing", async () => {
    const [one, other] = await newPeople("Refa", "Cartagia");
    const { message_group_uuid: group } = await write(other.token, one.handle, "Bow.");
    const page = await windowOf(one, `/messages/${group}`);
    await arrived(page, "Bow.").waitFor();
    const tokens: string[] = [];
    await page.route("**/api/messages", (route) => {
      tokens.push(route.request().headers()["authorization"] ?? "");
      return tokens.length === 1 ? route.fulfill(refused("token_expired")) : route.continue();
    });
    await say(page, "Never.");
    await arrived(page, "Never.").waitFor();
    expect(tokens).toHaveLength(2);
    expect(tokens[1]).not.toBe(tokens[0]);
  });

  test("is exchanged before it expires", async () => {
    const one = await newPerson("Morden");
    const page = await windowOf(one);
    await page.getByText("No messages yet").waitFor();
    const before = await page.evaluate(() => JSON.stringify(localStorage));
    const renewed: string[] = [];
    page.on("request", (request) => {
      const action = request.headers()["x-amz-target"] ?? "";
      if (action.endsWith("GetTokensFromRefreshToken")) renewed.push(action);
    });
    // A token lives for an hour. This page now lives half a minute before its end.
    await page.clock.setFixedTime(Date.now() + 3_570_000);
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await expect.poll(() => renewed.length).toBeGreaterThan(0);
    await expect.poll(() => page.evaluate(() => JSON.stringify(localStorage))).not.toBe(before);
    await page.getByText("No messages yet").waitFor();
  });

  test("that cannot be exchanged any more leads to the sign-in page, which says why", async () => {
    const one = await newPerson("Adira");
    const page = await windowOf(one);
    await page.getByText("No messages yet").waitFor();
    await page.route("**/api/**", (route) => route.fulfill(refused("token_revoked")));
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await page.waitForURL("**/signin");
    await page.getByText("You were signed out.").waitFor();
  });
});

import { describe, expect, test } from "vitest";
import { arrived, asked, newPeople, newPerson, stage, windowOf, write } from "./stage.ts";

const ATTEMPTS = [
  `<img src=x onerror="window.hacked=1">`,
  `<script>window.hacked=1</script>`,
  `<svg/onload=window.hacked=1>`,
  `javascript:window.hacked=1`,
  `https://example.com/"onmouseover="window.hacked=1`,
  `[link](javascript:window.hacked=1)`,
  "\u202Egnp.exe",
];

describe("hostile text", () => {
  stage();

  test("in names, bios, posts and messages stays text, and runs nowhere", async () => {
    const [one, other] = await newPeople("Reader", "Writer");
    const name = `<img src=x onerror="window.hacked=1">`;
    await asked(other.token, "PUT", "/api/profile/update", { display_name: name, bio: ATTEMPTS.slice(0, 3).join("\n") });
    await asked(other.token, "POST", "/api/activities", { message: ATTEMPTS.slice(0, 4).join("\n"), ttl: "1-hour" });
    let group = "";
    for (const attempt of ATTEMPTS) group = (await write(other.token, one.handle, attempt)).message_group_uuid;

    const page = await windowOf(one);
    const violations: string[] = [];
    page.on("console", (line) => line.text().includes("Content Security Policy") && violations.push(line.text()));
    await page.getByText(name).first().waitFor();
    await page.goto(`/messages/${group}`);
    for (const attempt of ATTEMPTS) await arrived(page, attempt).first().waitFor();
    const links = await page.locator(".thread a").evaluateAll((all) => all.map((each) => (each as HTMLAnchorElement).href));
    expect(links).toEqual(["https://example.com/"]);
    await page.goto(`/@${other.handle}`);
    await page.getByRole("heading", { name }).waitFor();
    await page.goto("/");
    await page.getByText(ATTEMPTS[1] ?? "").first().waitFor();
    for (const path of ["/messages/new/<script>", "/@<img src=x onerror=window.hacked=1>", "/nowhere/<b>"]) {
      await page.goto(path);
      await page.getByRole("heading").first().waitFor();
    }
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    expect(violations).toEqual([]);
  });

  test("a link opens elsewhere and tells nobody where it was clicked", async () => {
    const [one, other] = await newPeople("Zack", "Allan");
    const text = "Look: https://example.com/a_(b)?c=d#e. (And http://example.org/x)";
    const { message_group_uuid: group } = await write(other.token, one.handle, text);
    const page = await windowOf(one, `/messages/${group}`);
    await arrived(page, "Look:").waitFor();
    const links = page.locator(".thread a");
    expect(await links.allTextContents()).toEqual(["https://example.com/a_(b)?c=d#e", "http://example.org/x"]);
    expect(await links.first().getAttribute("rel")).toContain("noopener noreferrer");
    expect(await links.first().getAttribute("target")).toBe("_blank");
  });

  test("the policy refuses what is not ours: no script in the page, no text as HTML", async () => {
    const page = await windowOf(await newPerson("Policy"));
    const outcome = await page.evaluate(() => {
      const script = document.createElement("script");
      try {
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        document.body.innerHTML = "<b>hacked</b>";
        return "allowed";
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(outcome).toBe("TypeError");
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  });
});

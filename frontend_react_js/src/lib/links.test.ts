import { describe, expect, test } from "vitest";
import { linkParts } from "./links.ts";

const hrefs = (text: string) => linkParts(text).flatMap((part) => part.href ?? []);

describe("the links in a text", () => {
  test.each([
    ["see https://example.com.", ["https://example.com"]],
    ["(https://example.com/a_(b))", ["https://example.com/a_(b)"]],
    ["http://localhost:3000/x?y=1&z=2#w, and https://ö.example/ü!", ["http://localhost:3000/x?y=1&z=2#w", "https://ö.example/ü"]],
    ["HTTPS://EXAMPLE.COM/A", ["HTTPS://EXAMPLE.COM/A"]],
    ["no link: example.com, www.example.com, ftp://example.com", []],
    ["javascript:alert(1) data:text/html,x vbscript:x", []],
    ["https://paypal.com@evil.example/", []],
    ["https://", []],
    ['https://example.com/"onmouseover="x', ["https://example.com/"]],
    ["<https://example.com/>", ["https://example.com/"]],
  ])("%s", (text, wanted) => {
    expect(hrefs(text)).toEqual(wanted);
  });

  test("leave nothing of the text out", () => {
    for (const text of ["", "a", "https://x.example", "a https://x.example b https://y.example). c", "https://u@x.example"]) {
      expect(linkParts(text).map((part) => part.text).join("")).toBe(text);
    }
  });

  test("are found in time, however hostile the text is", () => {
    const begun = performance.now();
    linkParts(`https://example.com/${"(".repeat(500)}${")".repeat(500)}`);
    linkParts("https://".repeat(128));
    expect(performance.now() - begun).toBeLessThan(100);
  });
});

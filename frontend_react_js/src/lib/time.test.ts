import { describe, expect, test } from "vitest";
import { dayName, relativeTime } from "./time.ts";

const NOW = new Date(2026, 10, 21, 12, 0, 0).getTime();
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

describe("times", () => {
  test.each([
    [-5 * SECOND, "now"],
    [59 * SECOND, "now"],
    [MINUTE, "1 min"],
    [59 * MINUTE, "59 min"],
    [HOUR, "1 h"],
    [23 * HOUR, "23 h"],
    [2 * DAY, "Thu"],
    [10 * DAY, "Nov 11"],
    [400 * DAY, "Oct 17, 2025"],
  ])("%i ms ago is said as %s", (ms, wanted) => {
    expect(relativeTime(ago(ms), NOW)).toBe(wanted);
  });

  test("days are called by how one remembers them", () => {
    expect(dayName(ago(11 * HOUR), NOW)).toBe("Today");
    expect(dayName(ago(13 * HOUR), NOW)).toBe("Yesterday");
    expect(dayName(ago(2 * DAY), NOW)).toBe("Thursday, November 19");
    expect(dayName(ago(400 * DAY), NOW)).toBe("Friday, October 17, 2025");
  });
});

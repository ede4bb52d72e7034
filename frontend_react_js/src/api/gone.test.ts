import { expect, test } from "vitest";
import { markGone, withoutGone } from "./gone.ts";

const row = (uuid: string, last_message_uuid: string) => ({ uuid, last_message_uuid });

test("a group that was left stays away from a list that lags", () => {
  markGone(row("left", "5"), 0);
  expect(withoutGone([row("left", "5"), row("other", "4")], 100)).toEqual([row("other", "4")]);
});

test("a newer message brings it back at once", () => {
  markGone(row("hidden", "5"), 0);
  expect(withoutGone([row("hidden", "6")], 100)).toEqual([row("hidden", "6")]);
});

test("after a moment the list is believed again", () => {
  markGone(row("added again", "5"), 0);
  expect(withoutGone([row("added again", "5")], 5_000)).toEqual([row("added again", "5")]);
});

import { expect, test } from "vitest";
import type { Message } from "../api/types.ts";
import { daysOf } from "./days.ts";

const said = (user: string, day: number, minute: number) =>
  ({ uuid: `${day}-${minute}`, user_uuid: user, created_at: new Date(2026, 0, day, 12, minute).toISOString() }) as Message;

/** Each day as a word: ( begins a run, ) ends it. */
const shape = (messages: Message[]) =>
  daysOf(messages).map(({ said }) => said.map((each) => `${each.isFirst ? "(" : ""}${each.message.user_uuid}${each.isLast ? ")" : ""}`).join(""));

test("what one person says without a pause is one run", () => {
  const messages = [said("a", 1, 0), said("a", 1, 1), said("b", 1, 2), said("a", 1, 3), said("a", 1, 30)];
  expect(shape(messages)).toEqual(["(aa)(b)(a)(a)"]);
});

test("a new day begins a new run", () => {
  expect(shape([said("a", 1, 0), said("a", 2, 0), said("a", 2, 1)])).toEqual(["(a)", "(aa)"]);
  const midnight = [new Date(2026, 0, 1, 23, 59), new Date(2026, 0, 2, 0, 1)];
  expect(shape(midnight.map((at) => ({ uuid: "", user_uuid: "a", created_at: at.toISOString() }) as Message))).toEqual(["(a)", "(a)"]);
});

test("a day keeps its key when older messages of it come in", () => {
  const [older, newer] = [said("a", 1, 0), said("a", 1, 1)];
  expect(daysOf([older, newer])[0]?.key).toBe(daysOf([newer])[0]?.key);
});

test("nothing is nothing", () => {
  expect(daysOf([])).toEqual([]);
});

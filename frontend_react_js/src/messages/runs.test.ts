import { expect, test } from "vitest";
import type { Message } from "../api/types.ts";
import { daysOf } from "./runs.ts";

const said = (user: string, day: number, minute: number) =>
  ({ uuid: `${day}-${minute}`, user_uuid: user, created_at: new Date(2026, 0, day, 12, minute).toISOString() }) as Message;

const shape = (messages: Message[]) => daysOf(messages).map(({ runs }) => runs.map((run) => run.messages.length));

test("what one person says without a pause is one run", () => {
  expect(shape([said("a", 1, 0), said("a", 1, 1), said("b", 1, 2), said("a", 1, 3), said("a", 1, 30)])).toEqual([[2, 1, 1, 1]]);
});

test("a new day begins a new run", () => {
  expect(shape([said("a", 1, 0), said("a", 2, 0), said("a", 2, 1)])).toEqual([[1], [2]]);
});

test("nothing is nothing", () => {
  expect(shape([])).toEqual([]);
});

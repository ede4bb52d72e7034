import { beforeEach, describe, expect, test } from "vitest";
import { ApiError } from "../api/errors.ts";
import type { Message } from "../api/types.ts";
import { Outbox, type Outgoing, stillOut } from "./outbox.ts";

const away = ApiError.unreachable();
let kept: Map<string, string>;
let posts: Outgoing[];
let sent: string[];
let waits: number[];

beforeEach(() => {
  kept = new Map();
  [posts, sent, waits] = [[], [], []];
});

const storage = {
  getItem: (name: string) => kept.get(name) ?? null,
  setItem: (name: string, value: string) => void kept.set(name, value),
};
const messageOf = (item: Outgoing) => ({ uuid: `m${posts.length}`, message: item.text }) as Message;

/** An API that answers as it is told, and then takes everything. */
function outbox(...answers: (Error | "gone")[]) {
  return new Outbox({
    storage,
    name: "outbox",
    post: async (item) => {
      posts.push(item);
      const answer = answers.shift();
      if (answer === "gone") return new Promise(() => undefined);
      if (answer) throw answer;
      return messageOf(item);
    },
    onSent: (message) => sent.push(message.message),
    wait: async (ms) => void waits.push(ms),
  });
}
const soon = { timeout: 1_000, interval: 1 };

describe("what is on its way", () => {
  test("is sent in the order in which it was written, each under a key of its own", async () => {
    const box = outbox();
    for (const text of ["one", "two", "three"]) box.add("g", text, "");
    await expect.poll(() => sent, soon).toEqual(["one", "two", "three"]);
    expect(new Set(posts.map((each) => each.key)).size).toBe(3);
    expect(box.items).toEqual([]);
  });

  test("is tried again under the same key, more and more patiently, and nothing overtakes it", async () => {
    const box = outbox(away, away, new ApiError(503, ["unavailable"], 4_000), new ApiError(429, ["rate_limited"]));
    box.add("g", "one", "");
    box.add("g", "two", "");
    await expect.poll(() => sent, soon).toEqual(["one", "two"]);
    expect(new Set(posts.slice(0, 5).map((each) => each.key)).size).toBe(1);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  test("is not lost with the page, and keeps its key", async () => {
    outbox("gone").add("g", "one", "");
    await expect.poll(() => posts.length, soon).toBe(1);
    outbox();
    await expect.poll(() => sent, soon).toEqual(["one"]);
    expect(posts[1]?.key).toBe(posts[0]?.key);
    expect(kept.get("outbox")).toBe("[]");
  });

  test("stays, with the reason, when the API will never take it, and does not hold up the next", async () => {
    const box = outbox(new ApiError(422, ["message_blank"]));
    box.add("g", "bad", "");
    box.add("g", "good", "");
    await expect.poll(() => sent, soon).toEqual(["good"]);
    expect(box.items).toMatchObject([{ text: "bad", refused: "Write something first." }]);
    box.retry(box.items[0]?.key ?? "");
    await expect.poll(() => sent, soon).toEqual(["good", "bad"]);
    expect(posts[2]?.key).toBe(posts[0]?.key);
  });

  test("is taken over by another window", async () => {
    const other = outbox();
    outbox("gone").add("g", "one", "");
    await expect.poll(() => posts.length, soon).toBe(1);
    other.refresh();
    await expect.poll(() => sent, soon).toEqual(["one"]);
    expect(posts[1]?.key).toBe(posts[0]?.key);
  });

  test("can be discarded", async () => {
    const box = outbox(new ApiError(403, ["nope"]));
    box.add("g", "bad", "");
    await expect.poll(() => box.items[0]?.refused, soon).toBeTruthy();
    box.discard(box.items[0]?.key ?? "");
    expect(box.items).toEqual([]);
  });
});

describe("what is still out", () => {
  const item = (text: string, after = "5"): Outgoing => ({ key: text, place: "g", text, at: "", after, refused: "" });
  const said = (uuid: string, text: string, user = "me") => ({ uuid, message: text, user_uuid: user }) as Message;

  test("is not what has been seen already", () => {
    expect(stillOut([item("hi")], [said("6", "hi")], "me")).toEqual([]);
  });

  test("is what only looks like an older message, or like somebody else's", () => {
    expect(stillOut([item("hi")], [said("4", "hi"), said("7", "hi", "other")], "me")).toHaveLength(1);
  });

  test("is each of two equal texts until both are seen", () => {
    const two = [item("hi"), { ...item("hi"), key: "second" }];
    expect(stillOut(two, [said("6", "hi")], "me").map((each) => each.key)).toEqual(["second"]);
    expect(stillOut(two, [said("7", "hi"), said("6", "hi")], "me")).toEqual([]);
  });
});

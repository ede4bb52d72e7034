import { describe, expect, test } from "vitest";
import {
  type Pages,
  itemsOf,
  unreadIn,
  withChangedMessage,
  withGroups,
  withMessages,
  withNewMessage,
  withRead,
} from "./cache.ts";
import type { Message, MessageGroup } from "./types.ts";

const ME = "me";
const message = (uuid: string, more: Partial<Message> = {}): Message => ({
  uuid,
  message_group_uuid: "g1",
  user_uuid: "other",
  display_name: "Other",
  handle: "other",
  message: `text ${uuid}`,
  created_at: "2026-11-21T10:00:00.000Z",
  rev: 1,
  edited_at: null,
  deleted_at: null,
  expires_at: null,
  ...more,
});
const row = (uuid: string, last: string, more: Partial<MessageGroup> = {}): MessageGroup => ({
  uuid,
  kind: "direct",
  members: 2,
  ttl: null,
  muted: false,
  blocked: false,
  read_up_to: "00",
  user_uuid: "other",
  display_name: "Other",
  handle: "other",
  message: `text ${last}`,
  created_at: "2026-11-21T10:00:00.000Z",
  last_message_uuid: last,
  last_sender_uuid: "other",
  unread: false,
  unread_count: 0,
  ...more,
});
const pages = <T>(...lists: T[][]): Pages<T> => ({
  pageParams: lists.map(() => null),
  pages: lists.map((items, at) => ({ items, next: at < lists.length - 1 ? `/page/${at + 1}` : null })),
});
const uuids = <T extends { uuid: string }>(list: Pages<T> | null) => itemsOf(list ?? undefined).map((each) => each.uuid);

describe("messages that are kept", () => {
  test("take a new one in at its place, once, in whatever order it comes", () => {
    const list = pages([message("5"), message("3")], [message("2")]);
    expect(uuids(withMessages(list, [message("6"), message("4")]))).toEqual(["6", "5", "4", "3", "2"]);
    expect(uuids(withMessages(withMessages(list, [message("6")]), [message("6")]))).toEqual(["6", "5", "3", "2"]);
  });

  test("leave out what is older than the pages that were read", () => {
    const list = pages([message("5")], []);
    list.pages[1] = { items: [message("4")], next: "/more" };
    expect(uuids(withMessages(list, [message("1")]))).toEqual(["5", "4"]);
  });

  test("never go back to an earlier revision", () => {
    const list = pages([message("1", { rev: 2, message: "second" })]);
    expect(itemsOf(withMessages(list, [message("1", { rev: 1, message: "first" })]))[0]?.message).toBe("second");
    expect(itemsOf(withMessages(list, [message("1", { rev: 3, message: "" })]))[0]?.message).toBe("");
  });
});

describe("message groups that are kept", () => {
  const list = pages([row("g2", "20"), row("g1", "10")]);

  test("follow a new message: to the top, unread if it is not mine", () => {
    const after = withNewMessage(list, message("30"), ME);
    expect(uuids(after)).toEqual(["g1", "g2"]);
    expect(itemsOf(after ?? undefined)[0]).toMatchObject({ message: "text 30", unread: true, unread_count: 1 });
    const own = withNewMessage(list, message("30", { user_uuid: ME }), ME);
    expect(itemsOf(own ?? undefined)[0]).toMatchObject({ unread: false, unread_count: 0 });
  });

  test("count a message once, and say when they do not know its group", () => {
    const once = withNewMessage(list, message("30"), ME);
    expect(once && withNewMessage(once, message("30"), ME)).toBe(once);
    expect(withNewMessage(list, message("30", { message_group_uuid: "g3" }), ME)).toBeNull();
  });

  test("are never overwritten by a list that lags behind", () => {
    const ahead = withNewMessage(list, message("30"), ME) ?? list;
    const after = withGroups(ahead, [row("g2", "25"), row("g1", "10"), row("g3", "01")]);
    expect(itemsOf(after).map((each) => [each.uuid, each.last_message_uuid])).toEqual([
      ["g1", "30"],
      ["g2", "25"],
      ["g3", "01"],
    ]);
  });

  test("are read up to a message, unless there is a newer one", () => {
    const unread = pages([row("g1", "10", { unread: true, unread_count: 3 })]);
    expect(unreadIn(itemsOf(withRead(unread, "g1", "10")))).toBe(0);
    expect(unreadIn(itemsOf(withRead(unread, "g1", "09")))).toBe(3);
  });

  test("show a change only of their newest message", () => {
    expect(itemsOf(withChangedMessage(list, message("10", { message: "" })))[1]?.message).toBe("");
    expect(withChangedMessage(list, message("09", { message: "x" }))).toBe(list);
  });

  test("count what is unread, apart from what is muted", () => {
    const rows = [row("a", "1", { unread: true, unread_count: 2 }), row("b", "2", { unread: true, unread_count: 5, muted: true })];
    expect(unreadIn(rows)).toBe(2);
  });
});

/** How news change the lists that are kept: pure functions, for whoever brings the news (an answer, the stream, a poll). */
import type { InfiniteData } from "@tanstack/react-query";
import type { Page } from "./client.ts";
import type { Message, MessageGroup } from "./types.ts";

export type Pages<T> = InfiniteData<Page<T>>;

export const itemsOf = <T>(pages: Pages<T> | undefined): T[] => pages?.pages.flatMap((page) => page.items) ?? [];

/** The list with these messages in it, newest first; what is there already is replaced. */
export function withMessages(pages: Pages<Message>, news: Message[]): Pages<Message> {
  const byUuid = new Map(news.map((message) => [message.uuid, message]));
  const replaced = pages.pages.map((page) => ({
    ...page,
    items: page.items.map((old) => {
      const found = byUuid.get(old.uuid);
      byUuid.delete(old.uuid);
      return found && isNotOlder(found, old) ? found : old;
    }),
  }));
  const oldest = itemsOf(pages).at(-1)?.uuid ?? "";
  const hasAll = pages.pages.at(-1)?.next == null;
  // What is older than the oldest here comes with its page, once somebody scrolls there.
  const added = [...byUuid.values()].filter((message) => hasAll || message.uuid > oldest);
  return { ...pages, pages: insert(replaced, added) };
}

/** The list with rows that were read anew. A row never goes back to an older message: the API's list follows a moment
 * after a message, and this window may know it already. */
export function withGroups(pages: Pages<MessageGroup>, rows: MessageGroup[]): Pages<MessageGroup> {
  const known = new Map(itemsOf(pages).map((row) => [row.uuid, row]));
  for (const row of rows) {
    const old = known.get(row.uuid);
    known.set(row.uuid, old && old.last_message_uuid > row.last_message_uuid ? old : row);
  }
  return { ...pages, pages: dealt(pages, byNewest([...known.values()])) };
}

/** The list after a message; null if its group is not in it, so that it must be read anew. */
export function withNewMessage(
  pages: Pages<MessageGroup>,
  message: Message,
  me: string,
): Pages<MessageGroup> | null {
  const rows = itemsOf(pages);
  const row = rows.find((each) => each.uuid === message.message_group_uuid);
  if (!row) return null;
  if (row.last_message_uuid >= message.uuid) return pages;
  const own = message.user_uuid === me;
  const changed: MessageGroup = {
    ...row,
    message: message.message,
    created_at: message.created_at,
    last_message_uuid: message.uuid,
    last_sender_uuid: message.user_uuid,
    unread: !own,
    unread_count: own ? 0 : (row.unread_count ?? 0) + 1,
  };
  return withRow(pages, changed);
}

/** The list after a message was edited or deleted: only the newest message of a group shows there. */
export function withChangedMessage(pages: Pages<MessageGroup>, message: Message): Pages<MessageGroup> {
  const row = itemsOf(pages).find((each) => each.last_message_uuid === message.uuid);
  return row ? withRow(pages, { ...row, message: message.message }) : pages;
}

/** The list after I have read a group up to a message. */
export function withRead(pages: Pages<MessageGroup>, group: string, upTo: string): Pages<MessageGroup> {
  const row = itemsOf(pages).find((each) => each.uuid === group);
  if (!row || row.last_message_uuid > upTo) return pages;
  return withRow(pages, { ...row, unread: false, unread_count: 0, read_up_to: upTo });
}

/** The list with one row changed. */
export function withRow(pages: Pages<MessageGroup>, row: MessageGroup): Pages<MessageGroup> {
  const rows = itemsOf(pages).map((each) => (each.uuid === row.uuid ? row : each));
  return { ...pages, pages: dealt(pages, byNewest(rows)) };
}

/** The list with one row, found by what it is like, partly changed. */
export function withChangedRow(
  pages: Pages<MessageGroup>,
  like: { uuid: string } | { handle: string },
  change: Partial<MessageGroup>,
): Pages<MessageGroup> {
  const row = itemsOf(pages).find((each) => ("uuid" in like ? each.uuid === like.uuid : each.handle === like.handle));
  return row ? withRow(pages, { ...row, ...change }) : pages;
}

export function withoutItem<T extends { uuid: string }>(pages: Pages<T>, uuid: string): Pages<T> {
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: page.items.filter((each) => each.uuid !== uuid) })) };
}

export const unreadIn = (rows: MessageGroup[]): number =>
  rows.reduce((sum, row) => sum + (row.unread && !row.muted ? (row.unread_count ?? 1) : 0), 0);

const isNotOlder = (one: Message, other: Message) => one.rev >= other.rev;

const byNewest = (rows: MessageGroup[]) =>
  rows.sort((one, other) => (one.last_message_uuid < other.last_message_uuid ? 1 : -1));

function insert(pages: Page<Message>[], added: Message[]): Page<Message>[] {
  if (!added.length) return pages;
  const [first = { items: [], next: null }, ...rest] = pages;
  const items = [...first.items, ...added].sort((one, other) => (one.uuid < other.uuid ? 1 : -1));
  return [{ ...first, items }, ...rest];
}

/** The rows on pages again: all on the first, as pages only say what to ask for next. */
function dealt(pages: Pages<MessageGroup>, rows: MessageGroup[]): Page<MessageGroup>[] {
  return pages.pages.map((page, at) => ({ ...page, items: at === 0 ? rows : [] }));
}

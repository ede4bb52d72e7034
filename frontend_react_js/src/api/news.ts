/** What news do to the caches, wherever they come from: the stream, a poll, or the answer to my own sending. */
import type { QueryClient } from "@tanstack/react-query";
import { type Pages, itemsOf, withChangedMessage, withMessages, withNewMessage, withRead, withoutItem } from "./cache.ts";
import { markGone } from "./gone.ts";
import { catchUpGroups, catchUpMessages, keys } from "./queries.ts";
import type { ServerEvent } from "./stream.ts";
import type { Message, MessageGroup } from "./types.ts";

const LOOK_AFTER_MS = [0, 300, 1_000, 3_000];

/** Asks for everything that may be new: the list, and the conversations that are open. True if there was something. */
export async function catchUp(client: QueryClient): Promise<boolean> {
  const open = client.getQueryCache().findAll({ queryKey: ["messages"], type: "active" });
  const places = open.map((query) => String(query.queryKey[1]));
  const found = await Promise.all([
    catchUpGroups(client),
    ...places.map((place) => catchUpMessages(client, place)),
  ]);
  return found.some(Boolean);
}

export function receive(client: QueryClient, message: Message, me: string): void {
  putMessage(client, message);
  followMessage(client, message, me);
}

/** The list after a message that is known by now. */
export function followMessage(client: QueryClient, message: Message, me: string): void {
  const groups = client.getQueryData<Pages<MessageGroup>>(keys.groups);
  if (!groups) return;
  const changed = withNewMessage(groups, message, me);
  if (changed) client.setQueryData(keys.groups, changed);
  else void findGroup(client, message.message_group_uuid);
}

/** A conversation that is new to the list, which follows a message by some moments. */
async function findGroup(client: QueryClient, uuid: string): Promise<void> {
  for (const pause of LOOK_AFTER_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    await catchUpGroups(client).catch(() => undefined);
    if (itemsOf(client.getQueryData<Pages<MessageGroup>>(keys.groups)).some((row) => row.uuid === uuid)) return;
  }
}

export function receiveChange(client: QueryClient, message: Message): void {
  putMessage(client, message);
  changeGroups(client, (groups) => withChangedMessage(groups, message));
}

export const receiveRead = (client: QueryClient, group: string, upTo: string): void =>
  changeGroups(client, (groups) => withRead(groups, group, upTo));

/** An event of the stream. */
export function receiveEvent(client: QueryClient, { event, data }: ServerEvent, me: string): void {
  if (event === "message") receive(client, JSON.parse(data) as Message, me);
  else if (event === "edited" || event === "deleted") receiveChange(client, JSON.parse(data) as Message);
  else if (event === "read") {
    const { message_group_uuid, read_up_to } = JSON.parse(data) as { message_group_uuid: string; read_up_to: string };
    receiveRead(client, message_group_uuid, read_up_to);
  } else if (event === "ready") void catchUp(client).catch(() => undefined);
  else if (event === "reset") startAfresh(client);
}

/** Too much was missed, edits among it: everything is read again, page by page. */
export function startAfresh(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: keys.groups });
  void client.invalidateQueries({ queryKey: ["messages"] });
}

/** The list without a group that I have left or hidden. */
export function takeOut(client: QueryClient, uuid: string): void {
  const row = itemsOf(client.getQueryData<Pages<MessageGroup>>(keys.groups)).find((each) => each.uuid === uuid);
  if (row) markGone(row);
  changeGroups(client, (pages) => withoutItem(pages, uuid));
}

export function changeGroups(client: QueryClient, change: (groups: Pages<MessageGroup>) => Pages<MessageGroup>): void {
  client.setQueryData<Pages<MessageGroup>>(keys.groups, (groups) => groups && change(groups));
}

function putMessage(client: QueryClient, message: Message): void {
  client.setQueryData<Pages<Message>>(
    keys.messages(message.message_group_uuid),
    (pages) => pages && withMessages(pages, [message]),
  );
}

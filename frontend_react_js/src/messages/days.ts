/** How messages stand in a conversation: by days, and in runs of what one person said without a pause. */
import type { Message } from "../api/types.ts";
import { isSameDay } from "../lib/time.ts";

/** `isFirst` and `isLast` are about its run. */
export type Said = { message: Message; isFirst: boolean; isLast: boolean };
/** `key` stays the same when older messages of the same day come in. */
export type Day = { key: string; at: string; said: Said[] };

const RUN_MS = 5 * 60_000;

/** Of messages oldest first. */
export function daysOf(messages: Message[]): Day[] {
  const days: Day[] = [];
  messages.forEach((message, at) => {
    const [before, after] = [messages[at - 1], messages[at + 1]];
    const day = new Date(message.created_at);
    if (!before || !isSameDay(new Date(before.created_at), day)) {
      days.push({ key: day.toDateString(), at: message.created_at, said: [] });
    }
    const isFirst = !before || !isOneRun(before, message);
    const isLast = !after || !isOneRun(message, after);
    days.at(-1)?.said.push({ message, isFirst, isLast });
  });
  return days;
}

function isOneRun(before: Message, message: Message): boolean {
  const [one, other] = [new Date(before.created_at), new Date(message.created_at)];
  return before.user_uuid === message.user_uuid && isSameDay(one, other) && +other - +one < RUN_MS;
}

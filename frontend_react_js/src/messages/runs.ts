/** How messages stand in a conversation: by days, and in runs of one person. */
import type { Message } from "../api/types.ts";
import { isSameDay } from "../lib/time.ts";

export type Day = { day: string; runs: Run[] };
export type Run = { sender: Message; messages: Message[] };

const RUN_MS = 5 * 60_000;

/** Of messages oldest first. */
export function daysOf(messages: Message[]): Day[] {
  const days: Day[] = [];
  let before: Message | undefined;
  for (const message of messages) {
    if (!before || !isSameDay(new Date(before.created_at), new Date(message.created_at))) {
      days.push({ day: message.created_at, runs: [] });
      before = undefined;
    }
    const runs = days.at(-1)?.runs ?? [];
    if (before && isOneRun(before, message)) runs.at(-1)?.messages.push(message);
    else runs.push({ sender: message, messages: [message] });
    before = message;
  }
  return days;
}

const isOneRun = (before: Message, message: Message) =>
  before.user_uuid === message.user_uuid && Date.parse(message.created_at) - Date.parse(before.created_at) < RUN_MS;

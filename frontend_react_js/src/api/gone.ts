/** Message groups that were left or hidden a moment ago. The API's list follows by some moments, and a list that was read
 * in between must not bring them back. */
import type { MessageGroup } from "./types.ts";

const MOMENT_MS = 5_000;

type Row = Pick<MessageGroup, "uuid" | "last_message_uuid">;

const gone = new Map<string, { upTo: string; until: number }>();

export function markGone(row: Row, now = Date.now()): void {
  gone.set(row.uuid, { upTo: row.last_message_uuid, until: now + MOMENT_MS });
}

/** A newer message brings a group back at once. */
export function withoutGone<T extends Row>(rows: T[], now = Date.now()): T[] {
  return rows.filter((row) => {
    const left = gone.get(row.uuid);
    return !left || now >= left.until || row.last_message_uuid > left.upTo;
  });
}

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { itemsOf } from "../api/cache.ts";
import { post } from "../api/client.ts";
import { receiveRead } from "../api/news.ts";
import { useGroups } from "../api/queries.ts";
import type { Message } from "../api/types.ts";

/** Moves the read marker once the newest message is in sight, in a window that somebody looks at. */
export function useRead(place: string, messages: Message[], me: string, isAtEnd: boolean): void {
  const client = useQueryClient();
  const isLooking = useIsLooking();
  const newest = messages[0];
  const row = itemsOf(useGroups().data).find((each) => each.uuid === place);
  const isUnread = row ? row.unread : newest?.user_uuid !== me;
  const upTo = newest && isUnread ? newest.uuid : "";

  useEffect(() => {
    if (!upTo || !isAtEnd || !isLooking) return;
    // The badge goes at once. If the API cannot be told, the next message or visit tells it.
    receiveRead(client, place, upTo);
    post(`/api/message_groups/${place}/read`, { message_uuid: upTo }).catch(() => undefined);
  }, [client, place, upTo, isAtEnd, isLooking]);
}

function useIsLooking(): boolean {
  const look = () => document.visibilityState === "visible";
  const [isLooking, setLooking] = useState(look);
  useEffect(() => {
    const stop = new AbortController();
    document.addEventListener("visibilitychange", () => setLooking(look()), { signal: stop.signal });
    return () => stop.abort();
  }, []);
  return isLooking;
}

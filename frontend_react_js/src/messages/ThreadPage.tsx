/** One conversation: who it is with, what was said, and a field to go on. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { itemsOf } from "../api/cache.ts";
import { followMessage } from "../api/news.ts";
import { catchUpMessages, useGroups, useMessages } from "../api/queries.ts";
import type { Message, MessageGroup } from "../api/types.ts";
import { useSignedIn } from "../parts/SignedIn.tsx";
import { Failure } from "../parts/small.tsx";
import { Composer } from "./Composer.tsx";
import { MessageList } from "./MessageList.tsx";
import { ThreadHead } from "./ThreadHead.tsx";
import { WaitingThread } from "./WaitingThread.tsx";

export function ThreadPage({ place }: { place: string }) {
  const signedIn = useSignedIn();
  const list = useMessages(place);
  const messages = itemsOf(list.data);
  const row = itemsOf(useGroups().data).find((each) => each.uuid === place);
  const isGroup = row ? row.kind === "group" : new Set(messages.map((message) => message.user_uuid)).size > 2;
  const other = messages.find((message) => message.user_uuid !== signedIn?.me.uuid);
  useCaughtUp(place);
  useRowFollows(row, messages[0], signedIn?.me.uuid);
  if (list.isError && !messages.length) return <Failure error={list.error} retry={() => void list.refetch()} />;
  return (
    <>
      <ThreadHead row={row} fallback={other} />
      {list.isPending || !signedIn ? (
        <WaitingThread />
      ) : (
        <MessageList place={place} list={list} signedIn={signedIn} isGroup={isGroup} />
      )}
      {row?.blocked ? (
        <p className="hint hint-bar">You have blocked {row.display_name}. Unblock them to write.</p>
      ) : (
        <Composer key={place} place={place} newest={messages[0]?.uuid ?? ""} />
      )}
    </>
  );
}

/** What was kept from an earlier visit may be behind. */
function useCaughtUp(place: string): void {
  const client = useQueryClient();
  useEffect(() => {
    void catchUpMessages(client, place).catch(() => undefined);
  }, [client, place]);
}

/** What is read here may be newer than its row in the list, which follows by way of the table's stream. */
function useRowFollows(row: MessageGroup | undefined, newest: Message | undefined, me: string | undefined): void {
  const client = useQueryClient();
  useEffect(() => {
    if (row && newest && me && newest.uuid > row.last_message_uuid) followMessage(client, newest, me);
  }, [client, row, newest, me]);
}

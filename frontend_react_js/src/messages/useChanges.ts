/** Changes of a message: only if it is still as it was seen, so that nothing is undone by accident. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { del, patch } from "../api/client.ts";
import { receiveChange } from "../api/news.ts";
import type { Message } from "../api/types.ts";

const addressOf = ({ message_group_uuid: group, uuid }: Message) => `/api/messages/${group}/${uuid}`;
const ifUnchanged = ({ rev }: Message) => ({ "If-Match": `"${rev}"` });

export function useEdit(message: Message, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) => patch<Message>(addressOf(message), { message: text }, ifUnchanged(message)),
    onSuccess: (changed) => {
      receiveChange(client, changed);
      done();
    },
  });
}

export function useDelete(message: Message): () => void {
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => del<Message>(addressOf(message)),
    onSuccess: (tombstone) => receiveChange(client, tombstone),
    onError: (error) => window.alert(error.message),
  });
  return () => window.confirm("Delete this message for everybody?") && deleting.mutate();
}

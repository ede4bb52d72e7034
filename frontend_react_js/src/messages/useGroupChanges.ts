/** What I can do with a conversation. Each change is made by the API first; then the list follows. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { withChangedRow } from "../api/cache.ts";
import { del, patch, post, put } from "../api/client.ts";
import { changeGroups, takeOut } from "../api/news.ts";
import { catchUpGroups, keys } from "../api/queries.ts";
import type { GroupDetails, MessageGroup } from "../api/types.ts";

const addressOf = (uuid: string) => `/api/message_groups/${uuid}`;

export function useRowChanges(row: MessageGroup) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const show = (change: Partial<MessageGroup>) => changeGroups(client, (pages) => withChangedRow(pages, row, change));
  const failed = (error: Error) => window.alert(error.message);
  const mute = useMutation({
    mutationFn: () => (row.muted ? del : put)<unknown>(`${addressOf(row.uuid)}/mute`),
    onSuccess: () => show({ muted: !row.muted }),
    onError: failed,
  });
  const hide = useMutation({
    mutationFn: () => post(`${addressOf(row.uuid)}/hide`, {}),
    onSuccess: () => {
      takeOut(client, row.uuid);
      return navigate("/messages");
    },
    onError: failed,
  });
  const block = useMutation({
    mutationFn: () => (row.blocked ? del : put)<unknown>(`/api/blocks/@${row.handle}`),
    onSuccess: () => {
      show({ blocked: !row.blocked });
      return client.invalidateQueries({ queryKey: keys.blocks });
    },
    onError: failed,
  });
  return { mute: mute.mutate, hide: hide.mutate, block: block.mutate };
}

export function useGroupChanges(uuid: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const follow = (group: GroupDetails) => {
    const { title, ttl, members } = group;
    client.setQueryData(keys.group(uuid), group);
    changeGroups(client, (pages) =>
      withChangedRow(pages, { uuid }, { ttl, members: members.length, ...(title && { display_name: title }) }),
    );
  };
  const change = useMutation({
    mutationFn: (wanted: { title?: string; ttl?: string }) => patch<GroupDetails>(addressOf(uuid), wanted),
    onSuccess: follow,
  });
  const add = useMutation({
    mutationFn: (handle: string) => post<GroupDetails>(`${addressOf(uuid)}/members`, { handles: [handle] }),
    onSuccess: follow,
  });
  const remove = useMutation({
    mutationFn: (handle: string) => del(`${addressOf(uuid)}/members/@${handle}`),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.group(uuid) }),
  });
  const leave = useMutation({
    mutationFn: (handle: string) => del(`${addressOf(uuid)}/members/@${handle}`),
    onSuccess: async () => {
      takeOut(client, uuid);
      client.removeQueries({ queryKey: keys.messages(uuid) });
      await navigate("/messages");
      await catchUpGroups(client);
    },
  });
  return { change, add, remove, leave, error: change.error ?? add.error ?? remove.error ?? leave.error };
}

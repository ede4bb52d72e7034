import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type Pages, itemsOf, withChangedRow, withoutItem } from "../api/cache.ts";
import { del } from "../api/client.ts";
import { changeGroups } from "../api/news.ts";
import { keys, useBlocks } from "../api/queries.ts";
import type { Blocked } from "../api/types.ts";
import { MoreBelow } from "../parts/MoreBelow.tsx";
import { Avatar } from "../parts/small.tsx";

/** Whom I have blocked, on my own page. Nothing is there while it is nobody. */
export function BlockedPeople() {
  const list = useBlocks();
  const blocked = itemsOf(list.data);
  if (!blocked.length) return null;
  return (
    <details className="blocked">
      <summary>Blocked people</summary>
      <ul className="people">
        {blocked.map((person) => (
          <BlockedPerson key={person.uuid} person={person} />
        ))}
      </ul>
      <MoreBelow list={list} />
    </details>
  );
}

function BlockedPerson({ person }: { person: Blocked }) {
  const client = useQueryClient();
  const unblocking = useMutation({
    mutationFn: () => del(`/api/blocks/@${person.handle}`),
    onSuccess: () => {
      client.setQueryData<Pages<Blocked>>(keys.blocks, (pages) => pages && withoutItem(pages, person.uuid));
      changeGroups(client, (pages) => withChangedRow(pages, { handle: person.handle }, { blocked: false }));
    },
  });
  return (
    <li className="person">
      <Avatar name={person.display_name} of={person.handle} />
      <span className="row-text">
        <b className="name">{person.display_name}</b>
        <small className="muted">@{person.handle}</small>
      </span>
      <button type="button" className="button small" disabled={unblocking.isPending} onClick={() => unblocking.mutate()}>
        Unblock
      </button>
    </li>
  );
}

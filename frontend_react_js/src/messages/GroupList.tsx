import { memo } from "react";
import { Link, NavLink } from "react-router";
import { itemsOf } from "../api/cache.ts";
import { useGroups } from "../api/queries.ts";
import type { MessageGroup } from "../api/types.ts";
import { readDraft } from "../lib/drafts.ts";
import { Icon } from "../parts/Icon.tsx";
import { MoreBelow } from "../parts/MoreBelow.tsx";
import { useSignedIn } from "../parts/SignedIn.tsx";
import { Ago, Avatar, Badge, Failure, Notice, Waiting } from "../parts/small.tsx";
import { nameOf } from "./names.ts";

export function GroupList() {
  const list = useGroups();
  const me = useSignedIn()?.me.uuid ?? "";
  const rows = itemsOf(list.data);
  if (list.isPending) return <Waiting rows={7} className="row" />;
  if (list.isError && !rows.length) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (!rows.length) return <Nobody />;
  return (
    <>
      <ul className="rows">
        {rows.map((row) => (
          <li key={row.uuid}>
            <Row row={row} me={me} draft={readDraft(me, row.uuid)} />
          </li>
        ))}
      </ul>
      <MoreBelow list={list} />
    </>
  );
}

function Nobody() {
  return (
    <Notice title="No messages yet" action={<Link to="/messages/new" className="button">Write to somebody</Link>}>
      Conversations appear here, the newest first.
    </Notice>
  );
}

const Row = memo(({ row, me, draft }: { row: MessageGroup; me: string; draft: string }) => (
  <NavLink to={`/messages/${row.uuid}`} className={row.unread ? "row row-unread" : "row"}>
    <Avatar name={nameOf(row)} of={row.handle ?? row.uuid} />
    <span className="row-text">
      <span className="row-top">
        <b className="name">{nameOf(row)}</b>
        <Ago at={row.created_at} />
      </span>
      <span className="row-bottom">
        <span className="preview">
          <Preview row={row} me={me} draft={draft} />
        </span>
        {row.muted && <Icon name="bell" />}
        {row.unread && !row.muted && <Badge count={row.unread_count ?? 1} label="unread" />}
      </span>
    </span>
  </NavLink>
));

function Preview({ row, me, draft }: { row: MessageGroup; me: string; draft: string }) {
  if (draft && !row.unread) {
    return (
      <>
        <em>Draft:</em> {draft}
      </>
    );
  }
  if (!row.message) return <em>The message is gone</em>;
  return (
    <>
      {row.last_sender_uuid === me && "You: "}
      {row.message}
    </>
  );
}

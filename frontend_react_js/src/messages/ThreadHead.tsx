import { Link } from "react-router";
import type { MessageGroup } from "../api/types.ts";
import { Icon } from "../parts/Icon.tsx";
import { useSignedIn } from "../parts/SignedIn.tsx";
import { Avatar } from "../parts/small.tsx";
import { GroupMenu } from "./GroupMenu.tsx";
import { nameOf } from "./names.ts";

type Who = { display_name: string | null; handle: string | null };

/** `fallback` stands in for a row that is not in the list: further down in it, or not there yet. */
export function ThreadHead({ row, fallback }: { row: MessageGroup | undefined; fallback: Who | undefined }) {
  const who = row ?? fallback;
  return (
    <header className="pane-head thread-head">
      <Link to="/messages" className="icon-button back" aria-label="All messages">
        <Icon name="back" />
      </Link>
      {who && <Names who={who} of={row?.handle ?? row?.uuid ?? who.handle ?? ""} members={row?.members ?? 2} />}
      <ConnectionNote />
      {row && <GroupMenu row={row} />}
    </header>
  );
}

function Names({ who, of, members }: { who: Who; of: string; members: number }) {
  return (
    <>
      <Avatar name={nameOf(who)} of={of} />
      <h2>
        {who.handle ? (
          <Link to={`/@${who.handle}`}>
            {nameOf(who)} <small>@{who.handle}</small>
          </Link>
        ) : (
          <>
            {nameOf(who)} {members > 2 && <small>{members} people</small>}
          </>
        )}
      </h2>
    </>
  );
}

function ConnectionNote() {
  const connection = useSignedIn()?.connection;
  return (
    <span role="status" className="connection">
      {connection === "offline" && "No connection"}
    </span>
  );
}

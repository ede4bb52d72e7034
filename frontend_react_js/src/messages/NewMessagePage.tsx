/** A new conversation: to whom, and then the conversation itself, the old one if there is one. */
import { Link, Navigate, useNavigate, useParams } from "react-router";
import { itemsOf } from "../api/cache.ts";
import { ApiError } from "../api/errors.ts";
import { useDirect, useGroups, usePerson } from "../api/queries.ts";
import { Icon } from "../parts/Icon.tsx";
import { useOutgoing, useSignedIn } from "../parts/SignedIn.tsx";
import { Failure, Notice } from "../parts/small.tsx";
import type { Outbox } from "../outbox/outbox.ts";
import { Composer } from "./Composer.tsx";
import { OutgoingMessage } from "./OutgoingMessage.tsx";
import { ThreadHead } from "./ThreadHead.tsx";
import { ToField } from "./ToField.tsx";
import { WaitingThread } from "./WaitingThread.tsx";

export function NewMessagePage() {
  const navigate = useNavigate();
  return (
    <>
      <header className="pane-head">
        <Link to="/messages" className="icon-button back" aria-label="All messages">
          <Icon name="back" />
        </Link>
        <h2>New message</h2>
      </header>
      <ToField autoFocus onChoose={(person) => void navigate(`/messages/new/${person.handle}`)} />
      <p className="hint">
        <Link to="/messages/group">Start a group of three or more</Link>
      </p>
    </>
  );
}

export function NewMessageTo() {
  const { handle = "" } = useParams();
  return <To key={handle} handle={handle} />;
}

function To({ handle }: { handle: string }) {
  const direct = useDirect(handle);
  const person = usePerson(handle);
  const signedIn = useSignedIn();
  const rows = itemsOf(useGroups().data);
  // In the list, where it also appears if the other writes first; or further down than the list goes.
  const found = rows.find((row) => row.handle?.toLowerCase() === handle.toLowerCase()) ?? direct.data;
  if (found) return <Navigate to={`/messages/${found.uuid}`} replace />;
  const error = direct.error ?? person.error;
  if (error) return <Problem error={error} retry={() => void direct.refetch()} />;
  if (direct.isPending || !person.data || !signedIn) return <WaitingThread />;
  if (person.data.profile.uuid === signedIn.me.uuid) return <Navigate to="/messages" replace />;
  return (
    <>
      <ThreadHead row={undefined} fallback={person.data.profile} />
      <First place={`@${person.data.profile.handle}`} outbox={signedIn.outbox} />
      <Composer place={`@${person.data.profile.handle}`} newest="" />
    </>
  );
}

/** Until the first message has arrived: then the conversation is in the list. */
function First({ place, outbox }: { place: string; outbox: Outbox }) {
  const outgoing = useOutgoing(outbox, place);
  const count = outgoing.length;
  return (
    <div className="scroller thread" tabIndex={0} role="region" aria-label="Messages">
      <div className="thread-inner">
        {!count && <Notice title="Nothing said yet">Your first message starts the conversation.</Notice>}
        {outgoing.map((item) => (
          <OutgoingMessage key={item.key} item={item} outbox={outbox} />
        ))}
      </div>
    </div>
  );
}

function Problem({ error, retry }: { error: Error; retry: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404) return <Failure error={error} retry={retry} />;
  return (
    <div className="centered">
      <Notice title="Nobody is called that" action={<Link to="/messages/new" className="button">Choose somebody else</Link>}>
        There is nobody with this handle.
      </Notice>
    </div>
  );
}

import type { Outbox, Outgoing } from "../outbox/outbox.ts";
import { LinkedText } from "../parts/small.tsx";
import { useNow } from "../lib/useNow.ts";

const PATIENCE_MS = 15_000;

/** A message that has not arrived yet, or never will. */
export function OutgoingMessage({ item, outbox }: { item: Outgoing; outbox: Outbox }) {
  const isSlow = useNow() - Date.parse(item.at) > PATIENCE_MS;
  return (
    <div className="outgoing">
      <div className="said own first last">
        <div className="bubble text">
          <LinkedText text={item.text} />
        </div>
      </div>
      <p className="outgoing-state" role="status">
        {item.refused ? <Refused item={item} outbox={outbox} /> : isSlow ? "Waiting for the connection" : "Sending"}
      </p>
    </div>
  );
}

function Refused({ item, outbox }: { item: Outgoing; outbox: Outbox }) {
  return (
    <>
      <span className="error">Not sent. {item.refused}</span>{" "}
      <button type="button" className="link" onClick={() => outbox.retry(item.key)}>
        Try again
      </button>{" "}
      <button type="button" className="link" onClick={() => outbox.discard(item.key)}>
        Discard
      </button>
    </>
  );
}

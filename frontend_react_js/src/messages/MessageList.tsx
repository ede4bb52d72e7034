import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { itemsOf, type Pages } from "../api/cache.ts";
import type { Message, Person } from "../api/types.ts";
import { dayName } from "../lib/time.ts";
import { useNow } from "../lib/useNow.ts";
import { type Outbox, stillOut } from "../outbox/outbox.ts";
import { Icon } from "../parts/Icon.tsx";
import { MoreBelow } from "../parts/MoreBelow.tsx";
import { useOutgoing } from "../parts/SignedIn.tsx";
import { Notice } from "../parts/small.tsx";
import { OutgoingMessage } from "./OutgoingMessage.tsx";
import { SaidMessage } from "./SaidMessage.tsx";
import { daysOf } from "./days.ts";
import { useRead } from "./useRead.ts";
import { useScroll } from "./useScroll.ts";

type Props = {
  place: string;
  list: UseInfiniteQueryResult<Pages<Message>>;
  signedIn: { me: Person; outbox: Outbox };
  isGroup: boolean;
};

/** The messages, oldest first, in a box that grows upwards: its scroll position is counted from below, so that older
 * messages come in above without a jump. */
export function MessageList({ place, list, signedIn: { me, outbox }, isGroup }: Props) {
  const now = useNow();
  const box = useRef<HTMLDivElement>(null);
  const messages = useMemo(() => itemsOf(list.data).filter((message) => !hasExpired(message, now)), [list.data, now]);
  const days = useMemo(() => daysOf(messages.toReversed()), [messages]);
  const outgoing = stillOut(useOutgoing(outbox, place), messages, me.uuid);
  const scroll = useScroll(box, messages[0]?.uuid ?? "", outgoing.length);
  useRead(place, messages, me.uuid, scroll.isAtEnd);
  return (
    <div className="thread-box">
      <div ref={box} className="scroller thread" tabIndex={0} role="region" aria-label="Messages" onScroll={scroll.onScroll}>
        <div className="thread-inner">
          <MoreBelow list={list} text="Show older messages" />
          {!messages.length && !outgoing.length && <Notice title="Nothing said yet">Write the first message.</Notice>}
          {days.map(({ key, at, said }) => (
            <section key={key} aria-label={dayName(at, now)}>
              <h3 className="day">
                <span>{dayName(at, now)}</span>
              </h3>
              {said.map((each) => (
                <SaidMessage key={each.message.uuid} {...each} isOwn={each.message.user_uuid === me.uuid} isGroup={isGroup} />
              ))}
            </section>
          ))}
          {outgoing.map((item) => (
            <OutgoingMessage key={item.key} item={item} outbox={outbox} />
          ))}
        </div>
      </div>
      {!scroll.isAtEnd && (
        <button type="button" className="to-end icon-button" aria-label="To the newest message" onClick={scroll.toEnd}>
          <Icon name="down" />
        </button>
      )}
      <Announcement message={messages[0]} me={me.uuid} />
    </div>
  );
}

/** The API does not give it any more; what is kept here goes at the same time. */
const hasExpired = ({ expires_at }: Message, now: number) => expires_at !== null && Date.parse(expires_at) < now;

/** Says a new message of somebody else to those who listen. */
function Announcement({ message, me }: { message: Message | undefined; me: string }) {
  const first = useRef(message?.uuid);
  const isNew = message && message.uuid !== first.current && message.user_uuid !== me;
  return (
    <p className="sr-only" role="status">
      {isNew && `${message.display_name}: ${message.message}`}
    </p>
  );
}

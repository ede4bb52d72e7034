import { Link, Outlet, useMatch } from "react-router";
import { Icon } from "../parts/Icon.tsx";
import { Notice } from "../parts/small.tsx";
import { GroupList } from "./GroupList.tsx";

/** The list beside one conversation; on a phone, one of the two. */
export function MessagesPage() {
  const isList = useMatch("/messages") !== null;
  return (
    <div className={isList ? "messages messages-list-only" : "messages"}>
      <section className="groups" aria-label="Conversations">
        <header className="pane-head">
          <h1>Messages</h1>
          <Link to="/messages/new" className="icon-button" aria-label="New message">
            <Icon name="pen" />
          </Link>
        </header>
        <div className="scroller" tabIndex={0} role="region" aria-label="List of conversations">
          <GroupList />
        </div>
      </section>
      <section className="conversation" aria-label="Conversation">
        <Outlet />
      </section>
    </div>
  );
}

export function NothingChosen() {
  return (
    <div className="centered">
      <Notice title="Your messages" action={<Link to="/messages/new" className="button primary">Write to somebody</Link>}>
        Choose a conversation, or start one.
      </Notice>
    </div>
  );
}

/** A conversation's settings, and who is in it: a dialog of the browser, which keeps the focus and knows Escape. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useGroup } from "../api/queries.ts";
import type { GroupDetails, Person } from "../api/types.ts";
import { Icon } from "../parts/Icon.tsx";
import { useSignedIn } from "../parts/SignedIn.tsx";
import { Avatar, Failure, Waiting } from "../parts/small.tsx";
import { ToField } from "./ToField.tsx";
import { useGroupChanges } from "./useGroupChanges.ts";

const LIFETIMES = { off: "for good", "30-days": "30 days", "7-days": "7 days", "3-days": "3 days", "1-day": "a day", "12-hours": "12 hours", "3-hours": "3 hours", "1-hour": "an hour" };
const MOST_PEOPLE = 50;

export function GroupDialog({ uuid, close }: { uuid: string; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const group = useGroup(uuid);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="dialog-title" onClose={close}>
      <header className="pane-head">
        <h2 id="dialog-title">About this conversation</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      {group.isPending && <Waiting rows={3} className="row" />}
      {group.error && <Failure error={group.error} retry={() => void group.refetch()} />}
      {group.data && <Settings group={group.data} />}
    </dialog>
  );
}

function Settings({ group }: { group: GroupDetails }) {
  const { change, add, remove, leave, error } = useGroupChanges(group.uuid);
  const me = useSignedIn()?.me;
  const isGroup = group.kind === "group";
  const isCreator = me?.uuid === group.created_by;
  return (
    <div className="dialog-body">
      {isGroup && <Title key={group.title} title={group.title ?? ""} save={(title) => change.mutate({ title })} />}
      <label className="setting">
        Messages that are sent from now on stay
        <select value={group.ttl ?? "off"} onChange={(event) => change.mutate({ ttl: event.target.value })}>
          {Object.entries(LIFETIMES).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {error && (
        <p className="error" role="alert">
          {error.message}
        </p>
      )}
      <h3>{group.members.length} people</h3>
      <ul className="people">
        {group.members.map((person) => (
          <Member
            key={person.uuid}
            person={person}
            note={person.uuid === group.created_by && isGroup ? "started the group" : ""}
            remove={isGroup && isCreator && person.uuid !== me?.uuid ? () => remove.mutate(person.handle) : undefined}
          />
        ))}
      </ul>
      {isGroup && group.members.length < MOST_PEOPLE && <ToField label="Add:" onChoose={(person) => add.mutate(person.handle)} />}
      {isGroup && me && (
        <button type="button" className="button danger" onClick={() => leave.mutate(me.handle)}>
          Leave the group
        </button>
      )}
    </div>
  );
}

function Title({ title, save }: { title: string; save: (title: string) => void }) {
  const [text, setText] = useState(title);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() && text.trim() !== title) save(text.trim());
  };
  return (
    <form className="setting" onSubmit={submit}>
      <label htmlFor="group-title">Title</label>
      <span className="actions">
        <input id="group-title" value={text} maxLength={50} onChange={(event) => setText(event.target.value)} />
        <button type="submit" className="button" disabled={!text.trim() || text.trim() === title}>
          Save
        </button>
      </span>
    </form>
  );
}

function Member({ person, note, remove }: { person: Person; note: string; remove: (() => void) | undefined }) {
  return (
    <li className="person">
      <Avatar name={person.display_name} of={person.handle} />
      <span className="row-text">
        <b className="name">{person.display_name}</b>
        <small className="muted">
          @{person.handle} {note && `· ${note}`}
        </small>
      </span>
      {remove && (
        <button type="button" className="button small" onClick={remove} aria-label={`Remove ${person.display_name}`}>
          Remove
        </button>
      )}
    </li>
  );
}

/** A new group: whom, what it is called, and the first message, which starts it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { post } from "../api/client.ts";
import { receive } from "../api/news.ts";
import type { Message, Person } from "../api/types.ts";
import { Icon } from "../parts/Icon.tsx";
import { useSignedIn } from "../parts/SignedIn.tsx";
import { Composer } from "./Composer.tsx";
import { ToField } from "./ToField.tsx";

const FEWEST = 2;

export function NewGroupPage() {
  const me = useSignedIn()?.me;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [people, setPeople] = useState<Person[]>([]);
  const [title, setTitle] = useState("");
  // One key for this group, however often it is tried.
  const [key] = useState(() => crypto.randomUUID());
  const starting = useMutation({
    mutationFn: (message: string) => {
      const handles = people.map((person) => person.handle);
      const body = { handles, message, ...(title.trim() && { title: title.trim() }) };
      return post<Message>("/api/message_groups", body, { "Idempotency-Key": key });
    },
    onSuccess: (message) => {
      if (me) receive(client, message, me.uuid);
      return navigate(`/messages/${message.message_group_uuid}`);
    },
  });
  const add = (person: Person) =>
    setPeople((before) => (before.some((each) => each.uuid === person.uuid) ? before : [...before, person]));
  return (
    <>
      <header className="pane-head">
        <Link to="/messages/new" className="icon-button back back-always" aria-label="New message">
          <Icon name="back" />
        </Link>
        <h2>New group</h2>
      </header>
      <div className="scroller new-group">
        <label className="setting">
          Title
          <input value={title} maxLength={50} placeholder="Or else the names of its people" onChange={(event) => setTitle(event.target.value)} />
        </label>
        <ul className="chips" aria-label="People of the group">
          {people.map((person) => (
            <li key={person.uuid}>
              <button
                type="button"
                className="chip"
                aria-label={`Leave ${person.display_name} out`}
                onClick={() => setPeople(people.filter((each) => each !== person))}
              >
                {person.display_name} <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
        </ul>
        <ToField autoFocus onChoose={add} />
        {starting.error && (
          <p className="error to-note" role="alert">
            {starting.error.message}
          </p>
        )}
      </div>
      {people.length < FEWEST ? (
        <p className="hint hint-bar">Choose two people or more.</p>
      ) : (
        <Composer place="new-group" newest="" onSend={(text) => starting.mutate(text)} />
      )}
    </>
  );
}

import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { useSearch } from "../api/queries.ts";
import type { Person } from "../api/types.ts";
import { Avatar } from "../parts/small.tsx";

const TYPING_MS = 150;

type Props = { onChoose: (person: Person) => void; label?: string; autoFocus?: boolean };

/** Finds a person by name or handle: a combobox, as a screen reader knows it (WAI-ARIA, "Combobox Pattern"). */
export function ToField({ onChoose, label = "To:", autoFocus = false }: Props) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const term = typed.trim();
  const settled = useSettled(term);
  const search = useSearch(settled);
  // Until the answer to what is typed now has come, what is left of the one before: Enter must not choose somebody else.
  const isCurrent = term === settled && !search.isPlaceholderData;
  const found = term ? (search.data ?? []).filter((person) => isCurrent || beginsSo(person, term)) : [];
  const chosen = found[at];

  const choose = (person: Person) => {
    setTyped("");
    onChoose(person);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && chosen) choose(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <div className="to">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen ? `${id}-${at}` : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder="Name or handle"
        value={typed}
        autoFocus={autoFocus}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="People" className="rows">
        {found.map((person, index) => (
          <li
            key={person.uuid}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className="row"
            onClick={() => choose(person)}
            onPointerMove={() => setAt(index)}
          >
            <Avatar name={person.display_name} of={person.handle} />
            <span className="row-text">
              <b className="name">{person.display_name}</b>
              <span className="muted">@{person.handle}</span>
            </span>
          </li>
        ))}
      </ul>
      <p role="status" className="to-note">
        {search.error ? search.error.message : term && isCurrent && search.isFetched && !found.length ? "Nobody is called that." : ""}
      </p>
    </div>
  );
}

/** As the API finds people: by how the handle, the name or a word of the name begins. */
function beginsSo({ handle, display_name: name }: Person, term: string): boolean {
  const prefix = term.replace(/^@/, "").toLowerCase();
  return [handle, name, ...name.split(" ")].some((word) => word.toLowerCase().startsWith(prefix));
}

/** What was typed, once the typing pauses. */
function useSettled(typed: string): string {
  const [settled, setSettled] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return settled;
}

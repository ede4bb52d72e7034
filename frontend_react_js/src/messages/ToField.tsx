import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { useSearch } from "../api/queries.ts";
import type { Person } from "../api/types.ts";
import { Avatar } from "../parts/small.tsx";

const TYPING_MS = 150;

/** Finds a person by name or handle: a combobox, as a screen reader knows it (WAI-ARIA, "Combobox Pattern"). */
export function ToField({ onChoose, label = "To:" }: { onChoose: (person: Person) => void; label?: string }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const search = useSearch(useSettled(typed.trim()));
  const found = typed.trim() ? (search.data ?? []) : [];
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
        autoFocus
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
        {search.error ? search.error.message : typed.trim() && search.isFetched && !found.length ? "Nobody is called that." : ""}
      </p>
    </div>
  );
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

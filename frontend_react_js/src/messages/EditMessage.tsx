import { type FormEvent, type KeyboardEvent, useState } from "react";
import type { Message } from "../api/types.ts";
import { MESSAGE_MAX, lengthOf } from "../lib/text.ts";
import { CharactersLeft } from "../parts/CharactersLeft.tsx";
import { useEdit } from "./useChanges.ts";

/** A message of mine while I change it: Enter keeps it, Escape leaves it as it was. */
export function EditMessage({ message, done }: { message: Message; done: () => void }) {
  const [text, setText] = useState(message.message);
  const editing = useEdit(message, done);
  const length = lengthOf(text);
  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (text.trim() === message.message) done();
    else if (length > 0 && length <= MESSAGE_MAX) editing.mutate(text.trim());
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") done();
    else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
  };
  return (
    <form className="edit-message" onSubmit={submit}>
      <textarea
        aria-label="Edit your message"
        rows={2}
        value={text}
        autoFocus
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
      />
      {editing.error && (
        <p className="error" role="alert">
          {editing.error.message}
        </p>
      )}
      <div className="actions">
        <CharactersLeft length={length} max={MESSAGE_MAX} from={100} />
        <button type="button" className="button small" onClick={done}>
          Cancel
        </button>
        <button type="submit" className="button primary small" disabled={editing.isPending}>
          Save
        </button>
      </div>
    </form>
  );
}

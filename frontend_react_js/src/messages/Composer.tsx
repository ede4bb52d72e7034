import { type FormEvent, type KeyboardEvent, useState } from "react";
import { keepDraft, readDraft } from "../lib/drafts.ts";
import { MESSAGE_MAX, lengthOf } from "../lib/text.ts";
import { CharactersLeft } from "../parts/CharactersLeft.tsx";
import { Icon } from "../parts/Icon.tsx";
import { useSignedIn } from "../parts/SignedIn.tsx";

type Props = { place: string; newest: string; onSend?: (text: string) => void };

/** Where a message is written. What is not sent stays as a draft. */
export function Composer({ place, newest, onSend }: Props) {
  const signedIn = useSignedIn();
  const me = signedIn?.me.uuid ?? "";
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? (me && readDraft(me, place));
  const length = lengthOf(text);
  const canSend = signedIn !== null && length > 0 && length <= MESSAGE_MAX;

  const write = (next: string) => {
    setTyped(next);
    if (me) keepDraft(me, place, next);
  };
  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (!canSend) return;
    if (onSend) onSend(text.trim());
    else signedIn.outbox.add(place, text.trim(), newest);
    write("");
  };
  const press = (event: KeyboardEvent) => {
    // While a word is being composed (Japanese, say), Enter chooses it.
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
  };
  return (
    <form className="composer" onSubmit={submit}>
      <textarea
        aria-label="Message"
        placeholder="Write a message"
        rows={1}
        value={text}
        onChange={(event) => write(event.target.value)}
        onKeyDown={press}
      />
      <CharactersLeft length={length} max={MESSAGE_MAX} from={100} />
      <button type="submit" className="icon-button send" aria-label="Send" disabled={!canSend}>
        <Icon name="send" />
      </button>
    </form>
  );
}

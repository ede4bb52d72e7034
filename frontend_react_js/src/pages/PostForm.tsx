import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post } from "../api/client.ts";
import { keys } from "../api/queries.ts";
import type { Activity } from "../api/types.ts";
import { POST_MAX, lengthOf } from "../lib/text.ts";
import { CharactersLeft } from "../parts/CharactersLeft.tsx";
import { useSignedIn } from "../parts/SignedIn.tsx";
import { Avatar } from "../parts/small.tsx";

const LIFETIMES = [
  ["30-days", "30 days"],
  ["7-days", "7 days"],
  ["3-days", "3 days"],
  ["1-day", "1 day"],
  ["12-hours", "12 hours"],
  ["3-hours", "3 hours"],
  ["1-hour", "1 hour"],
] as const;

export function PostForm() {
  const signedIn = useSignedIn();
  const client = useQueryClient();
  const [message, setMessage] = useState("");
  const [ttl, setTtl] = useState<string>("7-days");
  const sending = useMutation({
    mutationFn: (sent: string) => post<Activity>("/api/activities", { message: sent, ttl }),
    onSuccess: (_, sent) => {
      // Who has typed on meanwhile keeps that.
      setMessage((now) => (now === sent ? "" : now));
      return client.invalidateQueries({ queryKey: keys.home });
    },
  });
  const length = lengthOf(message);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (length > 0 && length <= POST_MAX) sending.mutate(message);
  };
  return (
    <form className="post-form" onSubmit={submit}>
      <Avatar name={signedIn?.me.display_name ?? ""} of={signedIn?.me.handle ?? ""} />
      <div>
        <textarea
          aria-label="Your post"
          placeholder="What is happening?"
          rows={2}
          value={message}
          onChange={(event) => setMessage(event.target.value)}
        />
        <div className="post-form-row">
          <label>
            <span className="muted">Gone after</span>
            <select value={ttl} onChange={(event) => setTtl(event.target.value)}>
              {LIFETIMES.map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
          </label>
          <CharactersLeft length={length} max={POST_MAX} from={60} />
          <button type="submit" className="button primary" disabled={!length || length > POST_MAX || sending.isPending}>
            Post
          </button>
        </div>
        {sending.error && (
          <p className="error" role="alert">
            {sending.error.message}
          </p>
        )}
      </div>
    </form>
  );
}

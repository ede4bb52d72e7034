/** Small parts that many pages use. */
import { type ReactNode, memo } from "react";
import { linkParts } from "../lib/links.ts";
import { colourOf, initialsOf } from "../lib/text.ts";
import { relativeTime, wholeTime } from "../lib/time.ts";
import { useNow } from "../lib/useNow.ts";

export function Avatar({ name, of }: { name: string; of: string }) {
  return (
    <span className={`avatar avatar-${colourOf(of)}`} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}

/** A text of somebody: always text, its web addresses as links that tell nobody where they were clicked. */
export const LinkedText = memo(({ text }: { text: string }) =>
  linkParts(text).map((part, at) =>
    part.href ? (
      <a key={at} href={part.href} target="_blank" rel="noopener noreferrer nofollow ugc">
        {part.text}
      </a>
    ) : (
      part.text
    ),
  ),
);

export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {relativeTime(at, now)}
    </time>
  );
}

export function Badge({ count, label }: { count: number; label: string }) {
  if (!count) return null;
  return (
    <span className="badge">
      <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
      <span className="sr-only">
        {count} {label}
      </span>
    </span>
  );
}

/** What is there instead of a list: nothing yet, or an error. */
export function Notice({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="notice">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div role="alert">
      <Notice
        title="This did not work"
        action={
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        }
      >
        {error instanceof Error ? error.message : "Something went wrong."}
      </Notice>
    </div>
  );
}

/** Lines where a list will be, of the same height as its rows, so that nothing jumps. */
export function Waiting({ rows, className }: { rows: number; className: string }) {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, at) => (
        <div key={at} className={`${className} waiting`} aria-hidden="true">
          <span className="avatar" />
          <span className="waiting-lines">
            <span />
            <span />
          </span>
        </div>
      ))}
    </div>
  );
}

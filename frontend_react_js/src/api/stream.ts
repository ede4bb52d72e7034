/** Server-sent events over fetch(), because the browser's EventSource cannot send a token in a header.
 * The format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

export type ServerEvent = { event: string; data: string };

/** Takes the text as it comes, cut anywhere, and gives the events that are whole. */
export class EventParser {
  lastEventId = "";
  retryMs: number | null = null;
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id: string | null = null;

  push(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => (line === "" ? this.#dispatch() : this.#field(line)));
  }

  #field(line: string): ServerEvent[] {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return [];
  }

  #dispatch(): ServerEvent[] {
    const event = { event: this.#event || "message", data: this.#data.join("\n") };
    const isOne = this.#data.length > 0;
    // An id counts once its event is whole: what was cut off is sent again.
    this.lastEventId = this.#id ?? this.lastEventId;
    [this.#event, this.#data, this.#id] = ["", [], null];
    return isOne ? [event] : [];
  }
}

/** "absent": this API has no stream. "ended": connect again. */
export type Outcome =
  | { kind: "absent" }
  | { kind: "signed-out" }
  | { kind: "failed"; retryAfterMs: number | null }
  | { kind: "ended" };

type Asked = {
  token: string | null;
  parser: EventParser;
  signal: AbortSignal;
  onOpen: () => void;
  onEvent: (event: ServerEvent) => void;
  /** The server says something every 15 seconds; after a longer silence the connection is dead. */
  silenceMs?: number;
};

const STREAM = "/api/messages/stream";
const SILENCE_MS = 40_000;

/** Follows the stream until it ends. Never throws. */
export async function follow(asked: Asked): Promise<Outcome> {
  const { token, parser, signal, onOpen } = asked;
  const watch = new Watch(asked.silenceMs ?? SILENCE_MS, signal);
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (token) headers["Authorization"] = `Bearer ${token}`;
    if (parser.lastEventId) headers["Last-Event-ID"] = parser.lastEventId;
    const answer = await fetch(STREAM, { headers, signal: watch.signal, cache: "no-store" });
    // A place that the server does not understand: begin anew.
    if (answer.status === 422) parser.lastEventId = "";
    const refused = outcomeOf(answer);
    if (refused) return refused;
    onOpen();
    await read(answer, asked, watch);
    return { kind: "ended" };
  } catch {
    return { kind: "failed", retryAfterMs: null };
  } finally {
    watch.stop();
  }
}

function outcomeOf(answer: Response): Outcome | null {
  const isStream = answer.headers.get("Content-Type")?.startsWith("text/event-stream") ?? false;
  if (answer.ok && isStream) return null;
  void answer.body?.cancel().catch(() => undefined);
  if (answer.status === 401) return { kind: "signed-out" };
  const seconds = Number(answer.headers.get("Retry-After"));
  const isBusy = answer.status === 422 || answer.status === 429 || answer.status >= 500;
  return isBusy ? { kind: "failed", retryAfterMs: seconds > 0 ? seconds * 1000 : null } : { kind: "absent" };
}

async function read(answer: Response, { parser, onEvent }: Asked, watch: Watch): Promise<void> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    watch.heard();
    parser.push(part.value).forEach(onEvent);
  }
}

/** Aborts when the caller does, or when nothing was heard for too long. */
class Watch {
  #silence = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly signal: AbortSignal;

  constructor(
    private readonly ms: number,
    signal: AbortSignal,
  ) {
    this.signal = AbortSignal.any([signal, this.#silence.signal]);
    this.heard();
  }

  heard(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#silence.abort(), this.ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

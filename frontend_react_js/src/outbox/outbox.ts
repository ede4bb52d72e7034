/** Messages on their way. Each keeps its Idempotency-Key until the API has answered, over failures, reloads and days
 * without a network, so it arrives once. They go one after the other, in the order in which they were written.
 */
import { ApiError, isTemporary } from "../api/errors.ts";
import type { Message } from "../api/types.ts";

export type Outgoing = {
  key: string;
  /** A message group's uuid, or @handle. */
  place: string;
  text: string;
  at: string;
  /** The newest message that was there when it was written. */
  after: string;
  /** Why the API will never take it; empty while it may. */
  refused: string;
};
type Settings = {
  storage: Pick<Storage, "getItem" | "setItem">;
  name: string;
  post: (item: Outgoing) => Promise<Message>;
  onSent: (message: Message, item: Outgoing) => void;
  wait?: (ms: number, sooner: AbortSignal) => Promise<void>;
  /** Runs `work` while no other window does the same. */
  alone?: (name: string, work: () => Promise<void>) => Promise<void>;
};

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

export class Outbox {
  #items: Outgoing[];
  #listeners = new Set<() => void>();
  #running = false;
  #hurry = new AbortController();
  #stopped = false;

  constructor(private readonly is: Settings) {
    this.#items = this.#read();
    if (this.#items.length) void this.#run();
  }

  get items(): Outgoing[] {
    return this.#items;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add(place: string, text: string, after: string): void {
    const item = { key: crypto.randomUUID(), place, text, after, at: new Date().toISOString(), refused: "" };
    this.#change([...this.#read(), item]);
    void this.#run();
  }

  /** Once more under the same key: if it was stored after all, it is not stored twice. */
  retry(key: string): void {
    this.#change(this.#read().map((item) => (item.key === key ? { ...item, refused: "" } : item)));
    this.hurry();
    void this.#run();
  }

  discard(key: string): void {
    this.#change(this.#read().filter((item) => item.key !== key));
  }

  /** There is reason to think that it would go well now. */
  hurry(): void {
    this.#hurry.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.hurry();
  }

  async #run(): Promise<void> {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    const alone = this.is.alone ?? ((_name, work) => work());
    await alone(this.is.name, () => this.#sendAll()).finally(() => (this.#running = false));
    if (this.#next()) void this.#run();
  }

  async #sendAll(): Promise<void> {
    let wait = FIRST_WAIT_MS;
    for (let item = this.#next(); item && !this.#stopped; item = this.#next()) {
      try {
        const message = await this.is.post(item);
        this.discard(item.key);
        this.is.onSent(message, item);
        wait = FIRST_WAIT_MS;
      } catch (error) {
        if (!(error instanceof ApiError) || (!isTemporary(error) && error.status !== 401)) this.#refuse(item.key, error);
        else {
          await this.#pause(error.retryAfterMs ?? wait);
          wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        }
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#hurry = new AbortController();
    await (this.is.wait ?? waitFor)(ms, this.#hurry.signal);
  }

  #next(): Outgoing | undefined {
    return this.#read().find((item) => !item.refused);
  }

  /** Another window has changed what is kept. If it is closed before all is sent, this one goes on. */
  refresh(): void {
    this.#items = this.#read();
    this.#listeners.forEach((listener) => listener());
    if (this.#next()) void this.#run();
  }

  #refuse(key: string, error: unknown): void {
    const refused = error instanceof Error ? error.message : "Something went wrong.";
    this.#change(this.#read().map((item) => (item.key === key ? { ...item, refused } : item)));
  }

  /** From the storage each time, as another window may have added or sent something. */
  #read(): Outgoing[] {
    const kept = this.is.storage.getItem(this.is.name);
    return kept ? (JSON.parse(kept) as Outgoing[]) : [];
  }

  #change(items: Outgoing[]): void {
    this.is.storage.setItem(this.is.name, JSON.stringify(items));
    this.#items = items;
    this.#listeners.forEach((listener) => listener());
  }
}

/** Until the time is over, or there is reason to go on sooner. */
export function waitFor(ms: number, sooner: AbortSignal): Promise<void> {
  if (sooner.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    sooner.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Those that are not among the messages yet. A message may be seen, by the stream or a poll, before the answer to its
 * own sending: it is recognised by its text and by being newer than what was there. */
export function stillOut(items: Outgoing[], messages: Message[], me: string): Outgoing[] {
  const arrived = messages.filter((message) => message.user_uuid === me);
  return items.filter((item) => {
    const at = arrived.findIndex((message) => message.uuid > item.after && message.message === item.text);
    if (at >= 0) arrived.splice(at, 1);
    return at < 0;
  });
}

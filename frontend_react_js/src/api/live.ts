/** Keeps the lists current: by the stream where the API has one, else by asking again, less and less often.
 *
 * `news` says what to do with what is learnt; it knows the caches, this knows the connection.
 */
import { waitFor } from "../outbox/outbox.ts";
import { EventParser, follow, type Outcome, type ServerEvent } from "./stream.ts";

export type Connection = "starting" | "live" | "polling" | "offline";

export type News = {
  token: (forceRefresh: boolean) => Promise<string | null>;
  onEvent: (event: ServerEvent) => void;
  /** Asks for everything that may be new. True if there was something. Throws if the API cannot be reached. */
  catchUp: () => Promise<boolean>;
  onConnection: (connection: Connection) => void;
};

export const PAUSES = {
  /** Between two questions: while there is news, and at most. */
  poll: 1_500,
  pollMax: 12_000,
  reconnect: 1_000,
  reconnectMax: 20_000,
  /** How long an API without a stream is left alone with it. */
  absent: 300_000,
};

export class Live {
  #stop = new AbortController();
  #hurry = new AbortController();
  #parser = new EventParser();
  #failures = 0;
  #renewed = false;
  #isLive = false;

  constructor(
    private readonly news: News,
    private readonly pauses = PAUSES,
  ) {}

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stop.abort();
    this.#hurry.abort();
  }

  /** There is reason to look now: the window is back, the network is back. What the stream does not tell, such as a
   * title that somebody has changed, is seen then too. */
  hurry(): void {
    this.#hurry.abort();
    if (this.#isLive) void this.#ask();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const outcome = await this.#follow();
      if (this.#stop.signal.aborted) return;
      if (outcome.kind === "ended") await this.#pause(this.#parser.retryMs ?? this.pauses.reconnect);
      else await this.#poll(this.#untilNextTry(outcome));
    }
  }

  async #follow(): Promise<Outcome> {
    const token = await this.news.token(this.#renewed).catch(() => null);
    const { onConnection, onEvent } = this.news;
    const onOpen = () => {
      [this.#failures, this.#renewed, this.#isLive] = [0, false, true];
      onConnection("live");
    };
    const outcome = await follow({ token, parser: this.#parser, signal: this.#stop.signal, onOpen, onEvent });
    this.#isLive = false;
    return outcome;
  }

  #untilNextTry(outcome: Outcome): number {
    if (outcome.kind === "absent") return this.pauses.absent;
    // Once with a new token; then as with any other failure.
    this.#renewed = outcome.kind === "signed-out" && !this.#renewed;
    if (this.#renewed) return 0;
    const wait = Math.min(this.pauses.reconnect * 2 ** this.#failures++, this.pauses.reconnectMax);
    return Math.max(wait, outcome.kind === "failed" ? (outcome.retryAfterMs ?? 0) : 0);
  }

  /** For this long, or a little longer. */
  async #poll(ms: number): Promise<void> {
    const until = Date.now() + ms;
    let pause = this.pauses.poll;
    while (!this.#stop.signal.aborted) {
      const { isNew, reached } = await this.#ask();
      this.news.onConnection(reached ? "polling" : "offline");
      if (Date.now() >= until) return;
      pause = isNew ? this.pauses.poll : Math.min(pause * 1.3, this.pauses.pollMax);
      if (await this.#pause(Math.min(pause, Math.max(until - Date.now(), 0)))) pause = this.pauses.poll;
    }
  }

  async #ask(): Promise<{ isNew: boolean; reached: boolean }> {
    try {
      return { isNew: await this.news.catchUp(), reached: true };
    } catch {
      return { isNew: false, reached: false };
    }
  }

  /** True if it was cut short. */
  async #pause(ms: number): Promise<boolean> {
    this.#hurry = new AbortController();
    if (this.#stop.signal.aborted) return true;
    await waitFor(ms, this.#hurry.signal);
    return this.#hurry.signal.aborted;
  }
}

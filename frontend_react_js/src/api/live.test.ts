import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Connection, Live, type News } from "./live.ts";

const PAUSES = { poll: 10, pollMax: 20, reconnect: 10, reconnectMax: 20, absent: 60 };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A small API whose stream answers as each connection is told to; the last answer goes on for good. */
let answers: Answer[] = [];
let seen: IncomingMessage["headers"][] = [];
let server: Server;
let live: Live;

const events = (text: string, end = false): Answer => (_, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write(text);
  if (end) response.end();
};
const status = (code: number, headers = {}): Answer => (_, response) => {
  response.writeHead(code, { "Content-Type": "application/problem+json", ...headers });
  response.end("{}");
};

beforeEach(async () => {
  [answers, seen] = [[], []];
  server = createServer((request, response) => {
    seen.push(request.headers);
    (answers.length > 1 ? answers.shift() : answers[0])?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const real = fetch;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => real(`http://127.0.0.1:${port}${path}`, init));
});

afterEach(() => {
  live.stop();
  server.closeAllConnections();
  server.close();
  vi.unstubAllGlobals();
});

function follow(news: Partial<News> = {}) {
  const told = { connections: [] as Connection[], events: [] as string[], asked: 0, forced: [] as boolean[] };
  live = new Live(
    {
      token: async (force) => (told.forced.push(force), force ? "new" : "old"),
      onEvent: ({ event, data }) => told.events.push(`${event} ${data}`),
      catchUp: async () => (told.asked++, false),
      onConnection: (connection) => told.connections.push(connection),
      ...news,
    },
    PAUSES,
  );
  live.start();
  return told;
}

const soon = { timeout: 3_000, interval: 5 };

describe("the live connection", () => {
  test("gives the events of the stream, and asks nothing by itself", async () => {
    answers = [events('event: ready\ndata: {}\n\nid: 7\nevent: message\ndata: {"uuid":1}\n\n')];
    const told = follow();
    await expect.poll(() => told.events, soon).toEqual(["ready {}", 'message {"uuid":1}']);
    expect(told.connections).toEqual(["live"]);
    expect(told.asked).toBe(0);
    expect(seen[0]).toMatchObject({ accept: "text/event-stream", authorization: "Bearer old" });
    expect(seen[0]).not.toHaveProperty("last-event-id");
  });

  test("looks once more when the window is back", async () => {
    answers = [events("event: ready\ndata: {}\n\n")];
    const told = follow();
    await expect.poll(() => told.connections, soon).toEqual(["live"]);
    live.hurry();
    await expect.poll(() => told.asked, soon).toBe(1);
  });

  test("connects again where it was, when the server says", async () => {
    answers = [events("retry: 5\n\nid: 41\ndata: a\n\nid: 42\ndata: b\n\n", true), events("id: 43\ndata: c\n\n")];
    const told = follow();
    await expect.poll(() => told.events, soon).toEqual(["message a", "message b", "message c"]);
    expect(seen[1]).toHaveProperty("last-event-id", "42");
  });

  test("begins anew if the server does not understand where it was", async () => {
    answers = [events("id: old\n\n", true), status(422), events("event: ready\ndata: {}\n\n")];
    const told = follow();
    await expect.poll(() => told.events, soon).toEqual(["ready {}"]);
    expect(seen.map((headers) => headers["last-event-id"])).toEqual([undefined, "old", undefined]);
  });

  test("asks again and again where there is no stream, and looks for one now and then", async () => {
    answers = [status(404), events("data: x\n\n")];
    const told = follow();
    await expect.poll(() => told.events, soon).toEqual(["message x"]);
    expect(told.asked).toBeGreaterThan(1);
    expect(told.connections[0]).toBe("polling");
    expect(told.connections.at(-1)).toBe("live");
  });

  test("takes no page of somebody else for a stream", async () => {
    answers = [(_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("data: x\n\n")];
    const told = follow();
    await expect.poll(() => told.asked, soon).toBeGreaterThan(1);
    expect(told.events).toEqual([]);
  });

  test("waits as long as a busy server asks, and asks for news meanwhile", async () => {
    answers = [status(503, { "Retry-After": "1" }), events("data: x\n\n")];
    const begun = Date.now();
    const told = follow();
    await expect.poll(() => told.events, soon).toEqual(["message x"]);
    expect(Date.now() - begun).toBeGreaterThan(900);
    expect(told.asked).toBeGreaterThan(3);
  });

  test("takes a new token when the old one is refused, once", async () => {
    answers = [status(401), events("data: x\n\n")];
    const told = follow();
    await expect.poll(() => told.events, soon).toEqual(["message x"]);
    expect(told.forced).toEqual([false, true]);
    expect(seen[1]).toMatchObject({ authorization: "Bearer new" });
  });

  test("says that there is no connection, and comes back", async () => {
    answers = [status(500)];
    let isUp = false;
    const told = follow({ catchUp: async () => (isUp ? false : Promise.reject(new Error("down"))) });
    await expect.poll(() => told.connections.at(-1), soon).toBe("offline");
    isUp = true;
    await expect.poll(() => told.connections.at(-1), soon).toBe("polling");
  });
});

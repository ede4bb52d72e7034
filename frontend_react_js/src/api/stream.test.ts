import { describe, expect, test } from "vitest";
import { EventParser } from "./stream.ts";

const all = (parser: EventParser, ...parts: string[]) => parts.flatMap((part) => parser.push(part));

describe("a stream of events", () => {
  test("is read whole, wherever it is cut", () => {
    const text = ': hello\r\n\r\nid: 1\nevent: message\ndata: {"a":"ä"}\n\nretry: 250\nid: 2\rdata:x\rdata: y\r\r';
    const wanted = [
      { event: "message", data: '{"a":"ä"}' },
      { event: "message", data: "x\ny" },
    ];
    for (let size = 1; size <= text.length; size++) {
      const parser = new EventParser();
      const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
      expect(all(parser, ...parts, "\n")).toEqual(wanted);
      expect(parser.lastEventId).toBe("2");
      expect(parser.retryMs).toBe(250);
    }
  });

  test("an id counts only once its event is whole", () => {
    const parser = new EventParser();
    expect(all(parser, "id: 1\ndata: one\n\n", "id: 2\ndata: two\n")).toHaveLength(1);
    expect(parser.lastEventId).toBe("1");
    all(parser, "\n");
    expect(parser.lastEventId).toBe("2");
  });

  test("heartbeats, unknown fields and events without data are no events", () => {
    const parser = new EventParser();
    expect(all(parser, ": beat\n\n", "what: ever\n\n", "event: ready\n\n", "retry: soon\n\n")).toEqual([]);
    expect(parser.retryMs).toBeNull();
    expect(all(parser, "data\n\n")).toEqual([{ event: "message", data: "" }]);
  });
});

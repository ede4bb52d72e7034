import { afterEach, describe, expect, test, vi } from "vitest";
import { get, getPage, linkOf, post } from "./client.ts";
import { ApiError } from "./errors.ts";

const session = vi.hoisted(() => ({ kept: "old" as string | null, isCognitoUp: true, ended: 0 }));
vi.mock("../auth/session.ts", () => ({
  accessToken: async (force = false) => {
    if (force && !session.isCognitoUp) throw new Error("no answer");
    return force ? "new" : session.kept;
  },
  current: () => "in",
  set: () => session.ended++,
}));

const problem = (status: number, body: unknown, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const answering = (...answers: Response[]) => {
  const fetched = vi.fn<typeof fetch>(async () => answers.shift() ?? Promise.reject(new TypeError("no answer")));
  vi.stubGlobal("fetch", fetched);
  return fetched;
};
const failure = (promise: Promise<unknown>): Promise<ApiError> => promise.then(() => Promise.reject(new Error("it went well")), (error) => error);
const tokenOf = (call: Parameters<typeof fetch> | undefined) => (call?.[1]?.headers as Record<string, string>)["Authorization"];

afterEach(() => {
  vi.unstubAllGlobals();
  Object.assign(session, { kept: "old", isCognitoUp: true, ended: 0 });
});

describe("a request", () => {
  test("that is refused for its token is repeated once, with a new one", async () => {
    const fetched = answering(problem(401, { code: "token_expired" }), problem(200, { ok: true }));
    expect(await get("/api/x")).toEqual({ ok: true });
    expect(fetched.mock.calls.map(tokenOf)).toEqual(["Bearer old", "Bearer new"]);
  });

  test("that is refused again ends the session", async () => {
    const fetched = answering(problem(401, { code: "token_revoked" }), problem(401, { code: "token_revoked" }));
    expect(await failure(get("/api/x"))).toMatchObject({ status: 401, codes: ["token_revoked"] });
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(session.ended).toBe(1);
  });

  test("ends no session because Cognito does not answer", async () => {
    session.isCognitoUp = false;
    answering(problem(401, { code: "token_expired" }));
    expect(await failure(get("/api/x"))).toMatchObject({ status: 0, isTemporary: true });
    expect(session.ended).toBe(0);
  });

  test("of a window whose sign-in another window has ended, ends it here too", async () => {
    session.kept = null;
    answering(problem(401, { code: "token_missing" }));
    expect(await failure(get("/api/x"))).toMatchObject({ status: 401 });
    expect(session.ended).toBe(1);
  });

  test("says what is wrong by the API's codes, in both of its forms", async () => {
    answering(problem(422, ["message_blank"]), problem(409, { code: "user_blocked" }), new Response("<html>", { status: 502 }));
    expect(await failure(post("/api/messages", {}))).toMatchObject({ codes: ["message_blank"], isTemporary: false });
    expect((await failure(post("/api/messages", {}))).message).toContain("blocked");
    expect(await failure(get("/api/x"))).toMatchObject({ codes: ["http_502"], isTemporary: true });
  });

  test("knows what may go well later, and when", async () => {
    answering(problem(503, { code: "unavailable" }, { "Retry-After": "7" }));
    expect(await failure(get("/api/x"))).toMatchObject({ isTemporary: true, retryAfterMs: 7000 });
    expect(await failure(get("/api/x"))).toMatchObject({ status: 0, codes: ["unreachable"], isTemporary: true });
  });

  test("gives the next page by the address that the API says", async () => {
    const link = '</api/x?before=1>; rel="next", </api/x?after=9>; rel="prev"';
    answering(problem(200, [1, 2], { Link: link }), problem(200, []));
    expect(await getPage("/api/x")).toEqual({ items: [1, 2], next: "/api/x?before=1" });
    expect(await getPage("/api/x")).toEqual({ items: [], next: null });
    expect(linkOf(link, "prev")).toBe("/api/x?after=9");
  });
});

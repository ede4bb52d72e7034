/** One way to the API: the token in front, one refresh on a 401, and every failure as an ApiError. */
import { accessToken, current, set } from "../auth/session.ts";
import { ApiError } from "./errors.ts";

export type Page<T> = { items: T[]; next: string | null };
type Asked = { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal | undefined };

export const get = <T>(path: string, signal?: AbortSignal) => ask<T>("GET", path, { signal });
export const post = <T>(path: string, body: unknown, headers?: Record<string, string>) =>
  ask<T>("POST", path, { body, ...(headers && { headers }) });
export const put = <T>(path: string, body?: unknown) => ask<T>("PUT", path, { body });
export const patch = <T>(path: string, body: unknown, headers?: Record<string, string>) =>
  ask<T>("PATCH", path, { body, ...(headers && { headers }) });
export const del = <T>(path: string, headers?: Record<string, string>) =>
  ask<T>("DELETE", path, { ...(headers && { headers }) });

/** A page of a list; `next` is the address of the page after it. */
export async function getPage<T>(path: string, signal?: AbortSignal): Promise<Page<T>> {
  const answer = await send("GET", path, { signal });
  return { items: (await answer.json()) as T[], next: linkOf(answer.headers.get("Link"), "next") };
}

async function ask<T>(method: string, path: string, asked: Asked): Promise<T> {
  return (await send(method, path, asked)).json() as Promise<T>;
}

/** The answer, if it is a success. Throws ApiError. */
export async function send(method: string, path: string, asked: Asked = {}): Promise<Response> {
  let token = await tokenOrUnreachable();
  let answer = await once(method, path, token, asked);
  if (answer.status === 401 && token) {
    // Refused although it looked fresh: revoked, or the clocks disagree. One new token, one more attempt.
    token = await tokenOrUnreachable(true);
    if (token) answer = await once(method, path, token, asked);
  }
  // Also if another window has signed out meanwhile.
  if (answer.status === 401 && current() === "in") set("ended");
  if (!answer.ok) throw await ApiError.of(answer);
  return answer;
}

/** That Cognito does not answer is no reason to sign anybody out. */
const tokenOrUnreachable = (forceRefresh = false): Promise<string | null> =>
  accessToken(forceRefresh).catch(() => Promise.reject(ApiError.unreachable()));

async function once(method: string, path: string, token: string | null, { body, headers, signal }: Asked) {
  const all: Record<string, string> = { Accept: "application/json", ...headers };
  if (token) all["Authorization"] = `Bearer ${token}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  try {
    const sent = body === undefined ? null : JSON.stringify(body);
    return await fetch(path, { method, headers: all, body: sent, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw ApiError.unreachable();
  }
}

/** The address with this relation in a Link header (RFC 8288). */
export function linkOf(header: string | null, relation: string): string | null {
  for (const each of header?.split(", ") ?? []) {
    const [, address, rel] = /^<([^>]*)>; rel="([^"]*)"$/.exec(each) ?? [];
    if (rel === relation) return address ?? null;
  }
  return null;
}

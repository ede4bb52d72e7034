/** Whether somebody is signed in, and their access token, fresh. Signing in itself is in account.ts, loaded when needed. */
import { Amplify } from "aws-amplify";
import { fetchAuthSession } from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { useSyncExternalStore } from "react";
import type { Config } from "./config.ts";
import { becomeOwnWindow, tokenStorage } from "./storage.ts";

/** "ended": it was there, and Cognito does not prolong it any more. */
export type Session = "in" | "out" | "ended";

// A token that has less than this to live is exchanged before it is used.
const REFRESH_BEFORE_MS = 60_000;

let session: Session = "out";
const listeners = new Set<() => void>();

export function configure(config: Config): void {
  const { user_pool_id: userPoolId, user_pool_client_id: userPoolClientId, cognito_endpoint: endpoint } = config;
  const userPoolEndpoint = endpoint ?? undefined;
  Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, ...(userPoolEndpoint && { userPoolEndpoint }) } } });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(tokenStorage);
}

/** The access token, or null if nobody is signed in. Throws if Cognito is needed and does not answer. */
export async function accessToken(forceRefresh = false): Promise<string | null> {
  const token = (await fetchAuthSession({ forceRefresh })).tokens?.accessToken;
  if (!token) return null;
  const left = (token.payload.exp ?? 0) * 1000 - Date.now();
  return left < REFRESH_BEFORE_MS && !forceRefresh ? accessToken(true) : token.toString();
}

/** Looks whether a sign-in is kept from before. */
export async function restore(): Promise<void> {
  // If Cognito is silent the tokens are kept, and will do once it answers.
  set(await accessToken().then((token) => (token ? "in" : "out"), () => "in" as const));
}

export function set(next: Session): void {
  session = next;
  listeners.forEach((listener) => listener());
}

/** Leaves the sign-in to the other windows; this one has none yet. */
export function leaveToOthers(): void {
  becomeOwnWindow();
  set("out");
}

export const current = (): Session => session;

/** Calls it whenever that changes. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSession = (): Session => useSyncExternalStore(subscribe, current);

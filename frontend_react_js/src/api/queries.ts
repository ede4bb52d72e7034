/** What the pages read, each under its key. */
import { QueryClient, type QueryKey, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type Page, get, getPage } from "./client.ts";
import { isTemporary } from "./errors.ts";
import { type Pages, itemsOf, withGroups, withMessages } from "./cache.ts";
import { withoutGone } from "./gone.ts";
import type { Activity, Blocked, GroupDetails, Message, MessageGroup, Person, Profile } from "./types.ts";

const GROUPS = "/api/message_groups";
const PAGE_OF_MESSAGES = 40;

export const keys = {
  me: ["me"],
  groups: ["groups"],
  messages: (place: string) => ["messages", place],
  home: ["home"],
  person: (handle: string) => ["person", handle.toLowerCase()],
  direct: (handle: string) => ["direct", handle.toLowerCase()],
  group: (uuid: string) => ["group", uuid],
  blocks: ["blocks"],
  search: (term: string) => ["search", term],
};

/** Whether only the person who is signed in may see it. */
export const isPrivate = ({ queryKey }: { queryKey: QueryKey }): boolean => !["home", "person"].includes(String(queryKey[0]));

export const newQueryClient = () =>
  new QueryClient({
    defaultOptions: {
      queries: {
        // A laptop without a network still reaches the API on itself, so the browser's opinion does not count.
        networkMode: "always",
        retry: (failures, error) => isTemporary(error) && failures < 3,
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
      },
    },
  });

/** A list that follows the API's own links from page to page. */
const list = <T>(queryKey: string[], first: string) => ({
  queryKey,
  queryFn: ({ pageParam, signal }: { pageParam: string | null; signal: AbortSignal }) =>
    getPage<T>(pageParam ?? first, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page: Page<T>) => page.next,
});

const messagesAt = (place: string) => `/api/messages/${encodeURIComponent(place)}?limit=${PAGE_OF_MESSAGES}`;

export const useMe = (isSignedIn = true) =>
  useQuery({
    queryKey: keys.me,
    queryFn: ({ signal }) => get<Person>("/api/users/me", signal),
    staleTime: Infinity,
    enabled: isSignedIn,
    // Without it nothing can be shown, so it is asked until there is an answer.
    retry: (_, error) => isTemporary(error),
    retryDelay: (failures) => Math.min(500 * 2 ** failures, 5_000),
  });

// Live.ts keeps these two current; to read them again would only undo what is known already.
const KEPT_CURRENT = { staleTime: Infinity, gcTime: Infinity };

async function readGroups(address: string, signal?: AbortSignal): Promise<Page<MessageGroup>> {
  const page = await getPage<MessageGroup>(address, signal);
  return { ...page, items: withoutGone(page.items) };
}

export const useGroups = (isSignedIn = true) =>
  useInfiniteQuery({
    ...list<MessageGroup>(keys.groups, GROUPS),
    queryFn: ({ pageParam, signal }) => readGroups(pageParam ?? GROUPS, signal),
    ...KEPT_CURRENT,
    enabled: isSignedIn,
  });

export const useMessages = (place: string) =>
  useInfiniteQuery({ ...list<Message>(keys.messages(place), messagesAt(place)), staleTime: Infinity });

export const useHome = () => useInfiniteQuery(list<Activity>(keys.home, "/api/activities/home"));

export const usePerson = (handle: string) =>
  useQuery({
    queryKey: keys.person(handle),
    queryFn: ({ signal }) =>
      get<{ profile: Profile; activities: Activity[] }>(`/api/activities/@${encodeURIComponent(handle)}`, signal),
  });

/** The direct conversation with somebody: its row, or null if there is none yet. */
export const useDirect = (handle: string) =>
  useQuery({
    queryKey: keys.direct(handle),
    queryFn: async ({ signal }) =>
      (await get<MessageGroup[]>(`${GROUPS}?counts=0&with=${encodeURIComponent(handle)}`, signal))[0] ?? null,
    staleTime: 0,
    gcTime: 0,
  });

export const useGroup = (uuid: string) =>
  useQuery({
    queryKey: keys.group(uuid),
    queryFn: ({ signal }) => get<GroupDetails>(`${GROUPS}/${uuid}`, signal),
    staleTime: 0,
  });

export const useBlocks = () => useInfiniteQuery(list<Blocked>(keys.blocks, "/api/blocks"));

export const useSearch = (term: string) =>
  useQuery({
    queryKey: keys.search(term),
    queryFn: ({ signal }) => get<Person[]>(`/api/users/search?limit=8&term=${encodeURIComponent(term)}`, signal),
    enabled: term !== "",
    placeholderData: (before) => before,
  });

/** Reads the newest message groups again. True if one has changed. */
export async function catchUpGroups(client: QueryClient): Promise<boolean> {
  const before = client.getQueryData<Pages<MessageGroup>>(keys.groups);
  if (!before) return false;
  const page = await readGroups(GROUPS);
  const newest = itemsOf(before)[0]?.last_message_uuid ?? "";
  client.setQueryData<Pages<MessageGroup>>(keys.groups, (pages) => pages && withGroups(pages, page.items));
  return (page.items[0]?.last_message_uuid ?? "") > newest;
}

/** Reads what is newer than what is shown of a conversation. True if there was something. */
export async function catchUpMessages(client: QueryClient, place: string): Promise<boolean> {
  const shown = client.getQueryData<Pages<Message>>(keys.messages(place));
  if (!shown) return false;
  const newest = itemsOf(shown)[0]?.uuid;
  const after = newest ? `&after=${newest}` : "";
  const { items } = await getPage<Message>(`/api/messages/${encodeURIComponent(place)}?limit=100${after}`);
  if (items.length) {
    client.setQueryData<Pages<Message>>(keys.messages(place), (pages) => pages && withMessages(pages, items));
  }
  // A hundred at once: there may be more.
  return items.length === 100 ? catchUpMessages(client, place) : items.length > 0;
}

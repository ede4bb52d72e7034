/** What there is as long as somebody is signed in: who they are, what they send, and the live connection. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, createContext, use, useEffect, useState, useSyncExternalStore } from "react";
import { send } from "../api/client.ts";
import { type Connection, Live } from "../api/live.ts";
import { catchUp, receive, receiveEvent } from "../api/news.ts";
import { keys, useMe } from "../api/queries.ts";
import type { Message, Person } from "../api/types.ts";
import { accessToken, useSession } from "../auth/session.ts";
import { Outbox, type Outgoing } from "../outbox/outbox.ts";

type SignedIn = { me: Person; outbox: Outbox; connection: Connection };

const Context = createContext<SignedIn | null>(null);

/** Null while nobody is signed in, or while it is not known yet who. */
export const useSignedIn = (): SignedIn | null => use(Context);

export function SignedInProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const isIn = useSession() === "in";
  const { data: me } = useMe(isIn);
  const [value, setValue] = useState<SignedIn | null>(null);

  useEffect(() => {
    if (!isIn || !me) return;
    const outbox = new Outbox({
      storage: localStorage,
      name: `cruddur.outbox.${me.uuid}`,
      post: postMessage,
      onSent: (message, { place }) => {
        receive(client, message, me.uuid);
        // The list follows in a moment; asked for by name, the new conversation is there at once.
        if (place.startsWith("@")) void client.invalidateQueries({ queryKey: keys.direct(place.slice(1)) });
      },
      alone: async (name, work) => navigator.locks.request(name, work),
    });
    const live = new Live({
      token: accessToken,
      onEvent: (event) => receiveEvent(client, event, me.uuid),
      catchUp: () => catchUp(client),
      onConnection: (connection) => setValue((before) => before && { ...before, connection }),
    });
    setValue({ me, outbox, connection: "starting" });
    live.start();
    const unlisten = listen(outbox, live);
    return () => {
      unlisten();
      live.stop();
      outbox.stop();
      setValue(null);
    };
  }, [isIn, me, client]);

  return <Context value={value}>{children}</Context>;
}

/** The moments at which it is worth not to wait any longer. */
function listen(outbox: Outbox, live: Live): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const hurry = () => {
    if (document.visibilityState === "hidden") return;
    outbox.hurry();
    live.hurry();
  };
  window.addEventListener("online", hurry, { signal });
  window.addEventListener("focus", hurry, { signal });
  document.addEventListener("visibilitychange", hurry, { signal });
  window.addEventListener("storage", () => outbox.refresh(), { signal });
  return () => stop.abort();
}

async function postMessage({ key, place, text }: Outgoing): Promise<Message> {
  const body = { message: text, message_group_uuid: place };
  const answer = await send("POST", "/api/messages", { body, headers: { "Idempotency-Key": key } });
  return answer.json() as Promise<Message>;
}

/** What is on its way to one conversation. */
export function useOutgoing(outbox: Outbox, place: string): Outgoing[] {
  const items = useSyncExternalStore(outbox.subscribe, () => outbox.items);
  return items.filter((item) => item.place === place);
}

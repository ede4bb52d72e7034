/** The API's objects by short names. schema.d.ts is made of the API's own document: `npm run types`. */
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];

/** What issue 5 adds; until the API sends it, it is not there. */
type Later = { rev?: number; edited_at?: string | null; deleted_at?: string | null; expires_at?: string | null };

export type Message = Schemas["Message"] & Later;
export type Person = Schemas["User"];
export type Activity = Schemas["Activity"];
export type Profile = Schemas["Profile"];
export type MessageGroup = Schemas["MessageGroup"] & {
  kind?: "direct" | "group";
  members?: number;
  muted?: boolean;
  blocked?: boolean;
  ttl?: string | null;
};

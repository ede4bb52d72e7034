/** The API's objects by short names. schema.d.ts is made of the API's own document: `npm run types`. */
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];

/** An API that cannot edit messages yet does not send these. */
type Later = { rev?: number; edited_at?: string | null; deleted_at?: string | null; expires_at?: string | null };

export type Message = Schemas["Message"] & Later;
export type Person = Schemas["User"];
export type Activity = Schemas["Activity"];
export type Profile = Schemas["Profile"];
/** My row of a group. Where `kind` is missing the API knows conversations of two only. */
export type MessageGroup = Schemas["MessageGroup"] & {
  kind?: "direct" | "group";
  members?: number;
  muted?: boolean;
  blocked?: boolean;
  ttl?: string | null;
};
/** The group itself, with who is in it. */
export type GroupDetails = {
  uuid: string;
  kind: "direct" | "group";
  title: string | null;
  ttl: string | null;
  created_by: string;
  muted: boolean;
  blocked: boolean;
  members: Person[];
};
export type Blocked = Person & { blocked_at: string };

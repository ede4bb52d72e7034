/** The API's objects by short names. schema.d.ts is made of the API's own document: `npm run types`. */
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];

export type Message = Schemas["Message"];
export type MessageGroup = Schemas["MessageGroup"];
/** The group itself, with who is in it. */
export type GroupDetails = Schemas["MessageGroupWhole"];
export type Person = Schemas["User"];
export type Blocked = Schemas["Block"];
export type Activity = Schemas["Activity"];
export type Profile = Schemas["Profile"];

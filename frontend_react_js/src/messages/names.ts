import type { MessageGroup } from "../api/types.ts";

/** What a conversation is called: the other person, or the group's title. */
export const nameOf = (row: Pick<MessageGroup, "display_name">): string => row.display_name ?? "Group";

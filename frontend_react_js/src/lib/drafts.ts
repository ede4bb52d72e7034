/** What was written and not sent, per person and conversation. It survives a reload, and leaves when it is sent. */

const name = (me: string, place: string) => `cruddur.draft.${me}.${place}`;

export const readDraft = (me: string, place: string): string => localStorage.getItem(name(me, place)) ?? "";

export function keepDraft(me: string, place: string, text: string): void {
  if (text) localStorage.setItem(name(me, place), text);
  else localStorage.removeItem(name(me, place));
}

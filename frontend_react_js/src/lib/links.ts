/** Finds the web addresses in a text. Only http and https ever become links: `javascript:` stays text. */

export type Part = { text: string; href?: string };

const ADDRESS = /https?:\/\/[^\s<>"'`]+/gi;
// What ends a sentence rather than an address.
const TRAILING = /[.,:;!?…*_~]+$/;

export function linkParts(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(found);
    if (!isAddress(address)) continue;
    if (index > at) parts.push({ text: text.slice(at, index) });
    parts.push({ text: address, href: address });
    at = index + address.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** Without the full stop behind it, and without a bracket that was opened before it. */
function trimmed(address: string): string {
  const short = address.replace(TRAILING, "");
  const closing = short.at(-1);
  const opening = closing === ")" ? "(" : closing === "]" ? "[" : "";
  if (!opening || !closing || count(short, closing) <= count(short, opening)) return short;
  return trimmed(short.slice(0, -1));
}

const count = (text: string, character: string) => text.split(character).length - 1;

function isAddress(address: string): boolean {
  // A name before an @ only makes people believe that the address is another one.
  const url = URL.parse?.(address) ?? safely(() => new URL(address));
  return url !== null && url.username === "" && url.password === "" && url.hostname !== "";
}

function safely<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}

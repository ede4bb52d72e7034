/** How the API counts: characters are code points, after trimming. */

export const MESSAGE_MAX = 1024;
export const POST_MAX = 280;

export const lengthOf = (text: string): number => [...text.trim()].length;

/** Up to two letters for a face. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s_.-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const [first = "", last = ""] = [words[0], words.length > 1 ? words.at(-1) : ""];
  return (letter(first) + letter(last)).toUpperCase() || "?";
}

const letter = (word: string) => /[\p{L}\p{N}]/u.exec(word)?.[0] ?? "";

/** A number from 0 to 5, always the same for the same text: which colour a face has. */
export function colourOf(text: string): number {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 100_003;
  return sum % 6;
}

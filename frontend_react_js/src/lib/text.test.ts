import { expect, test } from "vitest";
import { colourOf, initialsOf, lengthOf } from "./text.ts";

test("characters are counted as the API counts them", () => {
  expect(lengthOf("  ab \n")).toBe(2);
  expect(lengthOf("🌠🌠")).toBe(2);
});

test.each([
  ["Andrew Brown", "AB"],
  ["G'Kar", "G"],
  ["londo.mollari", "LM"],
  ["Ada King Lovelace", "AL"],
  ["🌠", "?"],
  ["", "?"],
  ["<script>", "S"],
  ["élan ünal", "ÉÜ"],
])("the letters of %s are %s", (name, wanted) => {
  expect(initialsOf(name)).toBe(wanted);
});

test("a face keeps its colour", () => {
  expect(colourOf("andrewbrown")).toBe(colourOf("andrewbrown"));
  expect(new Set(["a", "b", "c", "d", "e", "f"].map(colourOf)).size).toBe(6);
});

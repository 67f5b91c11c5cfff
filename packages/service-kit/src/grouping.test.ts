import { entryOf, groupBy } from "./grouping.js";

test("an entry is made once", () => {
  const map = new Map<string, number[]>();
  entryOf(map, "a", () => []).push(1);
  entryOf(map, "a", () => []).push(2);
  expect([...map]).toEqual([["a", [1, 2]]]);
});

test("groups come in the order of their first items, which keep theirs", () => {
  expect([...groupBy(["by", "at", "is", "an"], (word) => word.charAt(0))]).toEqual([
    ["b", ["by"]],
    ["a", ["at", "an"]],
    ["i", ["is"]],
  ]);
});

import { intervalsOf } from "./kept-intervals.js";

test("intervals are kept from short to long, and what is none is left out", () => {
  expect(intervalsOf(["1d", "5s", "7m", 3, "5s"])).toEqual(["5s", "1d"]);
  expect(intervalsOf([])).toEqual([]);
});

test("until somebody has chosen, and where what was kept is none, there are those that most people want", () => {
  for (const raw of [null, {}, "1m"]) expect(intervalsOf(raw)).toContain("1m");
});

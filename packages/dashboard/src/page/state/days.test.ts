import { changeBase, type DayBar, withDay } from "./days.js";

const day = (date: string, open: number, close: number, count = 1): DayBar => {
  return { time: Date.parse(date) / 1000 - 7_200, open, high: close, low: open, close, count, date };
};
const MONDAY = day("2026-11-23", 1, 1.1);
const TUESDAY = day("2026-11-24", 1.2, 1.3);
const WEDNESDAY = day("2026-11-25", 1.4, 1.5);
const after = (...days: DayBar[]) => days.reduce(withDay, [] as readonly DayBar[]);

test("a change is from the close of the day before, in whatever order days become known", () => {
  const base = { price: 1.3, what: "the close of Tue 24 Nov 2026" };
  expect(changeBase(after(MONDAY, TUESDAY, WEDNESDAY))).toEqual(base);
  expect(changeBase(after(WEDNESDAY, TUESDAY, MONDAY))).toEqual(base);
  expect(changeBase(after(WEDNESDAY, { ...TUESDAY, close: 2 }, TUESDAY))).toEqual(base);
});

test("without an earlier day it is from the day's open, and says so", () => {
  expect(changeBase([])).toBeUndefined();
  expect(changeBase([WEDNESDAY])?.what).toBe("the open of Wed 25 Nov 2026, no earlier close being known");
});

import { barColumns, firstBars, joinBars } from "./bar-columns.js";

const bars = { bucketUs: [60, 120], open: [1, 2], high: [3, 4], low: [5, 6], close: [7, 8], tickCount: [9, 10] };

test("no row is no bar", () => {
  expect(barColumns(undefined)).toEqual({ bucketUs: [], open: [], high: [], low: [], close: [], tickCount: [] });
});

test("parts joined and cut again are the same bars", () => {
  const joined = joinBars([bars, bars]);
  expect(joined.close).toEqual([7, 8, 7, 8]);
  expect(firstBars(joined, 2)).toEqual(bars);
  expect(firstBars(bars, 2)).toBe(bars);
  expect(joinBars([]).bucketUs).toEqual([]);
});

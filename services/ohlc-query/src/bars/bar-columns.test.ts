import { barColumns, bucketOfSeconds, elements, firstBars, joinBars, prices } from "./bar-columns.js";

const row = {
  buckets: "{1700000000,1700000060}",
  opens: "{1.1,1e-05}",
  highs: "{1e+15,2}",
  lows: "{0.5,0.25}",
  closes: "{1.2,3}",
  tick_counts: "{4,1}",
};

test("columns hold what PostgreSQL sent, numbers in JavaScript's spelling", () => {
  expect(barColumns(row, bucketOfSeconds)).toEqual({
    bucketUs: [1_700_000_000_000_000, 1_700_000_060_000_000],
    open: ["1.1", "0.00001"],
    high: ["1000000000000000", "2"],
    low: ["0.5", "0.25"],
    close: ["1.2", "3"],
    tickCount: ["4", "1"],
  });
});

test("no row, or nulls for none, is no bar", () => {
  const none = { buckets: null, opens: null, highs: null, lows: null, closes: null, tick_counts: null };
  expect(barColumns(undefined, bucketOfSeconds).bucketUs).toEqual([]);
  expect(barColumns(none, bucketOfSeconds).open).toEqual([]);
  expect([elements("{}"), prices("{}")]).toEqual([[], []]);
});

test("parts joined and cut again are the same bars", () => {
  const bars = barColumns(row, bucketOfSeconds);
  const joined = joinBars([bars, bars]);
  expect(joined.close).toEqual(["1.2", "3", "1.2", "3"]);
  expect(firstBars(joined, 2)).toEqual(bars);
  expect(firstBars(bars, 2)).toBe(bars);
  expect(joinBars([]).bucketUs).toEqual([]);
});

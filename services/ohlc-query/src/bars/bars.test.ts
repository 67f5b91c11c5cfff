import { barColumns } from "./bar-columns.js";
import { Bars, partOf } from "./bars.js";
import { packBars } from "./packed-bars.js";

const bars = { bucketUs: [60, 120], open: [1, 2], high: [3, 4], low: [5, 6], close: [7, 8], tickCount: [9, 10] };
const later = { ...bars, bucketUs: [180, 240] };

test("no row is no bar", () => {
  expect(barColumns(undefined)).toEqual({ bucketUs: [], open: [], high: [], low: [], close: [], tickCount: [] });
});

test("parts cut at any places are the same bars", () => {
  const all = new Bars([partOf(bars), partOf(packBars([partOf(later)]))]);
  expect(all.arrays().bucketUs).toEqual([60, 120, 180, 240]);
  expect(all.arrays().close).toEqual([7, 8, 7, 8]);
  const buckets = all.arrays().bucketUs;
  for (let from = 0; from <= 4; from += 1) {
    for (let to = from; to <= 4; to += 1) {
      expect(all.slice(from, to).arrays().bucketUs).toEqual(buckets.slice(from, to));
      expect(all.between(buckets[from] ?? 999, buckets[to] ?? 999).arrays().bucketUs).toEqual(buckets.slice(from, to));
    }
    expect(all.first(from).arrays().bucketUs).toEqual(buckets.slice(0, from));
    expect(all.last(from).arrays().bucketUs).toEqual(buckets.slice(4 - from));
    expect(all.bucketAt(from)).toBe(buckets[from]);
  }
});

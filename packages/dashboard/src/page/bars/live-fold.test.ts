import fc from "fast-check";
import type { ChartBar } from "./chart-bar.js";
import { foldBars, LiveFold } from "./live-fold.js";

const FIVE = 300;
const bucketOf = (time: number): number => Math.floor(time / FIVE) * FIVE;

const minute = fc.record({
  time: fc.integer({ min: 0, max: 9 }).map((n) => n * 60),
  open: fc.integer({ min: 1, max: 99 }),
  close: fc.integer({ min: 1, max: 99 }),
  count: fc.integer({ min: 0, max: 5 }),
});
const withExtremes = (part: Omit<ChartBar, "high" | "low">): ChartBar => ({
  ...part,
  high: Math.max(part.open, part.close) + 1,
  low: Math.min(part.open, part.close) - 0.5,
});

describe("LiveFold", () => {
  it("folds what the last form of every part says, however often and in whatever order they come", () => {
    fc.assert(
      fc.property(fc.array(minute.map(withExtremes), { minLength: 1, maxLength: 60 }), (parts) => {
        const fold = new LiveFold(bucketOf, 0);
        const known = new Map<number, ChartBar>();
        for (const part of parts) {
          known.set(part.time, part);
          const bucket = bucketOf(part.time);
          const left = [...known.values()].filter(({ time, count }) => bucketOf(time) === bucket && count > 0);
          const expected = foldBars(
            bucket,
            left.sort((a, b) => a.time - b.time),
          );
          const folded = fold.apply(part);
          if (expected === undefined) expect(folded?.count).toBe(0);
          else expect(folded).toEqual(expected);
        }
      }),
      { seed: 5 },
    );
  });

  it("weighs the spreads of parts by their quotes, and takes prices of a side from those that have some", () => {
    const none = { open: Number.NaN, high: Number.NaN, low: Number.NaN, close: Number.NaN };
    const quoted = withExtremes({ time: 60, open: 3, close: 4, count: 5, spread: 0.25, quotes: 3 });
    const later = withExtremes({ time: 120, open: 4, close: 2, count: 1, spread: 0.75, quotes: 1 });
    const gap = { time: 0, count: 2, ...none };
    expect(foldBars(0, [gap, quoted, { ...gap, time: 90 }, later, { ...gap, time: 180 }])).toEqual({
      ...{ time: 0, open: 3, high: 5, low: 1.5, close: 2, count: 12 },
      ...{ spread: 0.375, quotes: 4 },
    });
    expect(foldBars(0, [gap])).toEqual(gap);
  });

  it("does not fold a bucket whose parts it has not all seen", () => {
    const fold = new LiveFold(bucketOf, FIVE);
    expect(fold.apply(withExtremes({ time: 240, open: 1, close: 1, count: 1 }))).toBeUndefined();
  });

  it("keeps the bucket before the newest, whose last part comes once more as final, and no older one", () => {
    const fold = new LiveFold(bucketOf, 0);
    const at = (time: number, count = 1): ChartBar => withExtremes({ time, open: 1, close: 1, count });
    for (const time of [0, 300, 600]) fold.apply(at(time));
    expect(fold.apply(at(540, 7))?.count).toBe(8);
    expect(fold.apply(at(60))).toBeUndefined();
  });
});

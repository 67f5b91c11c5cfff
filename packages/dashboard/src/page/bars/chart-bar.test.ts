import fc from "fast-check";
import { type ChartBar, withBar, withRange } from "./chart-bar.js";

const bar = (time: number, close = 1): ChartBar => ({ time, open: 1, high: 2, low: 0.5, close, count: 1 });
const times = (bars: readonly ChartBar[]): number[] => bars.map(({ time }) => time);
const ascending = fc
  .uniqueArray(fc.integer({ min: 0, max: 60 }))
  .map((all) => all.sort((a, b) => a - b).map((t) => bar(t)));

describe("withRange", () => {
  it("joins pages read in any order, of any cut, to what was read from, without gap or repeat", () => {
    fc.assert(
      fc.property(ascending, fc.array(fc.tuple(fc.integer({ max: 61 }), fc.integer({ max: 61 }))), (truth, cuts) => {
        const pages = [...cuts, [0, 61] as const];
        const joined = pages.reduce<readonly ChartBar[]>(
          (bars, [from, to]) =>
            withRange(
              bars,
              from,
              to,
              truth.filter(({ time }) => time >= from && time < to),
            ),
          [],
        );
        expect(joined).toEqual(truth);
      }),
      { seed: 5 },
    );
  });

  it("takes out bars that are gone from the range", () => {
    expect(times(withRange([bar(1), bar(2), bar(3)], 2, 3, []))).toEqual([1, 3]);
  });
});

describe("withBar", () => {
  it("puts a bar in its place, replaces it, and takes it out when it has no ticks", () => {
    const bars = withBar([bar(1), bar(3)], bar(2));
    expect(times(bars)).toEqual([1, 2, 3]);
    expect(withBar(bars, bar(2, 9))[1]?.close).toBe(9);
    expect(times(withBar(bars, { ...bar(2), count: 0 }))).toEqual([1, 3]);
  });
});

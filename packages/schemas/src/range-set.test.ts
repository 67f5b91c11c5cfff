import fc from "fast-check";
import { RangeSet } from "./range-set.js";

const ranges = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: -1, max: 12 })), { maxLength: 30 });

function covered(set: RangeSet): Set<number> {
  const instants = new Set<number>();
  for (const { fromUs, toUs } of set.take()) for (let us = fromUs; us < toUs; us += 1) instants.add(us);
  return instants;
}

describe("a set of time ranges", () => {
  test("covers exactly what was added, in ascending disjoint ranges that do not touch", () => {
    fc.assert(
      fc.property(ranges, (added) => {
        const set = new RangeSet(100);
        const expected = new Set<number>();
        for (const [from, length] of added) {
          set.add(from, from + length);
          for (let us = from; us < from + length; us += 1) expected.add(us);
        }
        const taken = set.take();
        for (const [index, range] of taken.entries()) {
          expect(range.fromUs).toBeLessThan(range.toUs);
          expect(range.fromUs).toBeGreaterThan(taken[index - 1]?.toUs ?? -1);
          for (let us = range.fromUs; us < range.toUs; us += 1) expect(expected.delete(us)).toBe(true);
        }
        expect(expected.size).toBe(0);
      }),
    );
  });

  test("never holds more ranges than its bound, and still covers all that was added", () => {
    fc.assert(
      fc.property(ranges, (added) => {
        const set = new RangeSet(3);
        const expected = new Set<number>();
        for (const [from, length] of added) {
          set.add(from, from + length);
          for (let us = from; us < from + length; us += 1) expected.add(us);
        }
        const instants = covered(set);
        for (const us of expected) expect(instants.has(us)).toBe(true);
      }),
    );
  });

  test("merges the closest neighbours when it is full", () => {
    const set = new RangeSet(2);
    set.add(0, 10);
    set.add(50, 60);
    set.add(13, 20);
    expect(set.take()).toEqual([
      { fromUs: 0, toUs: 20 },
      { fromUs: 50, toUs: 60 },
    ]);
    expect(set.isEmpty).toBe(true);
  });

  test("makes one of ranges that lie no further apart than it was told", () => {
    const set = new RangeSet(10, 5);
    set.add(0, 10);
    set.add(15, 20);
    set.add(26, 30);
    expect(set.take()).toEqual([
      { fromUs: 0, toUs: 20 },
      { fromUs: 26, toUs: 30 },
    ]);
  });
});

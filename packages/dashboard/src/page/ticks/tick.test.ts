import fc from "fast-check";
import { compareTicks, type PageTick, secondsOf, withTickRange, withTicks } from "./tick.js";

const tick = (second: number, seq = 0, price = 1): PageTick => ({
  time: `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000Z`,
  seq,
  price,
});
const anyTick = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 3 }));

describe("withTicks", () => {
  it("holds every (time, seq) once and in order, however the ticks come", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyTick)), (batches) => {
        const all = batches.reduce<readonly PageTick[]>(
          (known, batch) =>
            withTicks(
              known,
              batch.map(([second, seq]) => tick(second, seq)),
            ),
          [],
        );
        const keys = new Set(batches.flat().map(([second, seq]) => `${second}/${seq}`));
        expect(all).toHaveLength(keys.size);
        expect([...all].sort(compareTicks)).toEqual(all);
      }),
      { seed: 5 },
    );
  });
});

describe("withTickRange", () => {
  it("replaces what lies in the half-open range", () => {
    const known = [tick(1), tick(2), tick(3)];
    const replaced = withTickRange(known, tick(2).time, tick(3).time, [tick(2, 0, 9)]);
    expect(replaced.map(({ price }) => price)).toEqual([1, 9, 1]);
  });
});

describe("secondsOf", () => {
  it("keeps microseconds", () => {
    expect(secondsOf("2026-01-01T00:00:00.123456Z") - secondsOf("2026-01-01T00:00:00.123455Z")).toBeCloseTo(1e-6, 6);
    expect(secondsOf("1970-01-01T00:00:01.500000Z")).toBe(1.5);
  });
});

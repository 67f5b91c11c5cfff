import fc from "fast-check";
import { compareTicks, type PageTick, secondsOf, withRange, withTickRange, withTicks } from "./tick.js";

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

describe("withRange", () => {
  const known = [tick(2), tick(3), tick(4)];
  const priced = (ticks: readonly PageTick[]) => ticks.map(({ time, price }) => [time.slice(17, 19), price]);

  it("replaces, adds and takes away what the range holds now, and leaves older ticks to be read", () => {
    const corrected = { from: tick(1).time, to: tick(4).time, ticks: [tick(1, 0, 9), tick(3, 0, 9)] };
    expect(priced(withRange(known, corrected))).toEqual([
      ["03", 9],
      ["04", 1],
    ]);
    expect(priced(withRange(known, { from: tick(3).time, ticks: [] }))).toEqual([["02", 1]]);
  });

  it("leaves everything as it is where all of it is older, or nothing is known", () => {
    expect(withRange(known, { from: tick(0).time, to: tick(2).time, ticks: [] })).toBe(known);
    expect(withRange([], { from: tick(0).time, to: tick(2).time, ticks: [tick(1)] })).toEqual([]);
  });
});

describe("secondsOf", () => {
  it("keeps microseconds", () => {
    expect(secondsOf("2026-01-01T00:00:00.123456Z") - secondsOf("2026-01-01T00:00:00.123455Z")).toBeCloseTo(1e-6, 6);
    expect(secondsOf("1970-01-01T00:00:01.500000Z")).toBe(1.5);
  });
});

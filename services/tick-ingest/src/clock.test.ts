import fc from "fast-check";
import { StampClock } from "./clock.js";

const HOUR_US = 3_600_000_000;
const T0_US = 1_764_928_800_000_000;

describe("the stamps of ticks without a time", () => {
  test("rise, each by itself, while the clock stands still or goes back by milliseconds", () => {
    const steps = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(steps, (changes) => {
        let nowUs = T0_US;
        const clock = new StampClock(() => nowUs);
        const stamps = changes.map((change) => {
          nowUs += change;
          return clock.next();
        });
        for (const [index, stamp] of stamps.slice(1).entries()) expect(stamp).toBeGreaterThan(stamps[index] ?? 0);
      }),
    );
  });

  test("follow a clock that was put right", () => {
    let nowUs = T0_US + 2 * HOUR_US;
    const clock = new StampClock(() => nowUs);
    expect(clock.next()).toBe(T0_US + 2 * HOUR_US);
    nowUs = T0_US;
    expect([clock.next(), clock.next()]).toEqual([T0_US, T0_US + 1]);
    nowUs = T0_US - 24 * HOUR_US;
    expect(clock.next()).toBe(nowUs);
  });
});

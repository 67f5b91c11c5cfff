import { clockHealth, RemoteClock } from "./remote-clock.js";

const HOUR_US = 3_600_000_000;
const T0_US = 1_764_928_800_000_000;

/** A reading of a clock that shows `aheadUs` more than the monotonic one, read `afterMs` after the question. */
function reading(aheadUs: number, askedAtMs: number, afterMs: number, tookMs: number) {
  return { us: (askedAtMs + afterMs) * 1000 + aheadUs, askedAtMs, answeredAtMs: askedAtMs + tookMs };
}

afterEach(() => jest.restoreAllMocks());

describe("another machine's clock", () => {
  test("is known to within half of the time that a quick answer took, whichever way that went and however slow others are", () => {
    for (const [beforeMs, afterMs] of [
      [3, 0],
      [0, 3],
      [1, 2],
    ] as const) {
      const clock = new RemoteClock();
      const answers = [
        [400, 0],
        [0, 900],
        [beforeMs, afterMs],
        [0, 1_000],
        [700, 1],
      ] as const;
      for (const [index, [wayThereMs, wayBackMs]] of answers.entries()) {
        clock.learn(reading(T0_US, index * 10_000, wayThereMs, wayThereMs + wayBackMs));
        expect(Math.abs(clock.usAt(0) - T0_US)).toBeLessThanOrEqual(index < 2 ? 200_000 : 1_500);
      }
    }
  });

  test("is followed at once when it jumps, ahead and back, and not moved by jumps of this machine's", () => {
    const clock = new RemoteClock();
    for (const [index, jumpUs] of [0, 2 * HOUR_US, -24 * HOUR_US, 0].entries()) {
      clock.learn(reading(T0_US + jumpUs, index * 400, 1, 2));
      expect(Math.abs(clock.usAt(0) - T0_US - jumpUs)).toBeLessThanOrEqual(2_000);
    }
    const before = clock.usAt(0);
    jest.spyOn(Date, "now").mockReturnValue(0);
    expect(clock.usAt(0)).toBe(before);
    expect(clock.usAt(1_000) - before).toBe(1_000_000);
  });

  test("is this machine's until it was read", () => {
    const clock = new RemoteClock();
    expect(clock.isKnown).toBe(false);
    expect(Math.abs(clock.nowUs() - Date.now() * 1000)).toBeLessThan(1_000_000);
    expect(clockHealth(clock)).toEqual({ details: {}, problems: [] });
  });

  test("is told in the health when this machine's differs from it, and is a problem from a second on", () => {
    const clock = new RemoteClock();
    const atMs = performance.now();
    clock.learn({ us: Date.now() * 1000, askedAtMs: atMs, answeredAtMs: atMs });
    expect(clockHealth(clock)).toMatchObject({ problems: [] });
    expect(Math.abs(clockHealth(clock).details.clock_skew_s ?? 9)).toBeLessThan(0.5);
    const realNow = Date.now;
    jest.spyOn(Date, "now").mockImplementation(() => realNow() + 7_200_000);
    expect(clockHealth(clock)).toMatchObject({
      problems: [expect.stringMatching(/^this machine's clock is (7199\.9|7200\.\d) s ahead of the database's$/)],
    });
    jest.spyOn(Date, "now").mockImplementation(() => realNow() - 2_000);
    expect(clockHealth(clock).problems).toEqual([expect.stringMatching(/^this machine's clock is 2\.\d s behind /)]);
  });
});

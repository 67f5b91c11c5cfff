import { tickClock } from "./tick-clock.js";

describe("tickClock", () => {
  it("gives each tick a time of its own, also within one millisecond and when the clock goes back", () => {
    const readings = [1_764_928_800_123, 1_764_928_800_123, 1_764_928_800_100, 1_764_928_800_124];
    const next = tickClock(() => readings.shift() ?? 0);
    expect([next(), next(), next(), next()]).toEqual([
      "2025-12-05T10:00:00.123000Z",
      "2025-12-05T10:00:00.123001Z",
      "2025-12-05T10:00:00.123002Z",
      "2025-12-05T10:00:00.124000Z",
    ]);
  });

  it("follows a clock that is set back, and gives no time twice when it is lived through again", () => {
    const [start, hour] = [1_764_928_800_000, 3_600_000];
    let now = start + hour;
    const next = tickClock(() => now);
    const lived = (): string[] =>
      Array.from({ length: 300 }, (_, tick) => {
        now += tick % 3 === 0 ? 1 : 0;
        return next();
      });
    const times = lived();
    now = start;
    expect(next()).toMatch(/^2025-12-05T10:00:00\.000/);
    for (let again = 0; again < 6; again += 1) {
      now = start + hour;
      times.push(...lived());
      now = start - hour;
      next();
    }
    expect(new Set(times).size).toBe(times.length);
  });
});

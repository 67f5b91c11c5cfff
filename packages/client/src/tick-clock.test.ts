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
});

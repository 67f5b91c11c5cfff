import { type DayBoundary, type Micros, parseTime, type StoredInterval } from "@fx-ohlc/schemas";
import type { ShownBar } from "./bar-event.js";
import { BarLevel } from "./bar-level.js";
import type { ClosedRange } from "./live-level.js";

const us = (time: string): Micros => parseTime(time) ?? Number.NaN;
const NEW_YORK: DayBoundary = { hour: 17, timezone: "America/New_York" };
const MIDNIGHT: DayBoundary = { hour: 0, timezone: "America/New_York" };
const GRACE_US = 2_000_000;

function anchored(interval: StoredInterval, boundary: DayBoundary, nowUs: Micros): BarLevel {
  const level = new BarLevel("EURUSD", interval, GRACE_US, "ohlc");
  level.load({ bars: [], nowUs, boundary }, nowUs);
  return level;
}

const tickAt = (time: string) => ({ timeUs: us(time), seq: 0, price: 1 });

describe("the name of its FX day", () => {
  // Clocks in New York go back within the one that is named the 4th: it is 25 hours long where its boundary is midnight.
  test.each([
    [NEW_YORK, "2024-11-04", "2024-11-04T22:00:00Z"],
    [MIDNIGHT, "2024-11-03", "2024-11-04T05:00:00Z"],
  ])("is with every bar of a day, %j: first, live, final, changed and gone", (boundary, name, end) => {
    const level = anchored("day", boundary, us("2024-11-03T23:00:00Z"));
    level.add(tickAt("2024-11-03T23:30:00Z"), false);
    const told: ShownBar[] = level.advance(us("2024-11-03T23:31:00Z"), us("2024-11-03T23:31:00Z"));
    told.push(...[level.newest(us("2024-11-03T23:31:00Z"))].filter((bar) => bar !== undefined));
    const overUs = us(end) + GRACE_US;
    told.push(...level.advance(overUs, overUs));
    told.push(...[level.newest(overUs)].filter((bar) => bar !== undefined));
    level.revise(us("2024-11-03T23:30:00Z"), us("2024-11-03T23:31:00Z"));
    const read = (bars: Parameters<BarLevel["closedRead"]>[1]) =>
      level.takeDirty().flatMap((range: ClosedRange) => level.closedRead(range, bars));
    const [bar] = told;
    if (bar?.bar.open == null) throw new Error("no bar was told");
    told.push(...read([{ ...bar.bar, high: 2 }]));
    level.revise(us("2024-11-03T23:30:00Z"), us("2024-11-03T23:31:00Z"));
    told.push(...read([]));
    expect(told.map(({ date, final }) => [date, final])).toEqual([
      ...[false, false, true, true, true, true].map((final) => [name, final]),
    ]);
  });

  test.each(["minute", "hour"] as const)("is with no bar of a %s", (interval) => {
    const level = anchored(interval, NEW_YORK, us("2024-11-03T23:00:00Z"));
    level.add(tickAt("2024-11-03T23:30:00Z"), false);
    const now = us("2024-11-03T23:31:00Z");
    expect(level.advance(now, now).every((told) => !("date" in told))).toBe(true);
  });
});

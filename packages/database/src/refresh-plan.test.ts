import { parseTime, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { dayRefreshes, isAhead, isMadeOfLess, type RefreshBounds, refreshRange } from "./refresh-plan.js";

const at = (time: string) => parseTime(time) ?? Number.NaN;
const NOW = at("2026-03-10T10:20:30Z");
const NOTHING = { minute: 0, hour: 0, day: 0 };
const BOUNDS: RefreshBounds = {
  nowUs: NOW,
  dayBoundary: { hour: 22, timezone: "UTC" },
  wholeFromUs: 0,
  materialisedToUs: NOTHING,
};
const minute = (from: string, to: string) => ({ fromUs: at(from), toUs: at(to) });

test("a window is widened to whole buckets of each level", () => {
  const window = minute("2026-03-01T10:20:30Z", "2026-03-01T10:20:30.000001Z");
  expect(refreshRange("minute", window, BOUNDS)).toEqual(minute("2026-03-01T10:20:00Z", "2026-03-01T10:21:00Z"));
  expect(refreshRange("hour", window, BOUNDS)).toEqual(minute("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"));
  expect(refreshRange("day", window, BOUNDS)).toEqual(minute("2026-02-28T22:00:00Z", "2026-03-01T22:00:00Z"));
});

test("minutes are never made of ticks before the mark; the hours and days around it are made of stored bars", () => {
  const bounds = { ...BOUNDS, wholeFromUs: at("2026-03-01T00:00:00Z") };
  const window = minute("2026-02-28T23:59:00Z", "2026-03-01T00:02:00Z");
  expect(refreshRange("minute", window, bounds)).toEqual(minute("2026-03-01T00:00:00Z", "2026-03-01T00:02:00Z"));
  expect(refreshRange("hour", window, bounds)).toEqual(minute("2026-02-28T23:00:00Z", "2026-03-01T01:00:00Z"));
  expect(refreshRange("day", window, bounds)).toEqual(minute("2026-02-28T22:00:00Z", "2026-03-01T22:00:00Z"));
  expect(refreshRange("minute", minute("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"), bounds)).toBeUndefined();
});

test("what real-time reads cover is not materialised, but for what is there already", () => {
  const window = { fromUs: NOW - US_PER_HOUR, toUs: NOW };
  expect(refreshRange("minute", window, BOUNDS)?.toUs).toBe(at("2026-03-10T10:10:00Z"));
  expect(refreshRange("hour", window, BOUNDS)).toBeUndefined();
  const ahead = { ...BOUNDS, materialisedToUs: { ...NOTHING, hour: at("2026-03-10T11:00:00Z") } };
  expect(refreshRange("hour", window, ahead)?.toUs).toBe(at("2026-03-10T11:00:00Z"));
});

test("no level is behind one that is made of it: what is not in the minutes is in no hour", () => {
  const window = minute("2026-03-10T10:20:00Z", "2026-03-10T10:21:00Z");
  const materialisedToUs = { minute: at("2026-03-10T10:18:00Z"), hour: NOTHING.hour, day: at("2026-03-10T22:00:00Z") };
  const ahead = { ...BOUNDS, materialisedToUs };
  expect(refreshRange("minute", window, ahead)).toEqual(window);
  expect(refreshRange("hour", window, ahead)).toEqual(minute("2026-03-10T10:00:00Z", "2026-03-10T11:00:00Z"));
  expect(refreshRange("day", window, { ...ahead, materialisedToUs: { ...materialisedToUs, day: 0 } })).toBeUndefined();
});

test("a bar is made of less where the level below is not materialised up to its end", () => {
  const materialisedToUs = { minute: at("2026-03-01T10:20:00Z"), hour: at("2026-03-01T11:00:00Z"), day: 0 };
  const isLess = (from: string, to: string) => isMadeOfLess(minute(from, to), { ...BOUNDS, materialisedToUs });
  expect(isLess("2026-03-01T10:20:00Z", "2026-03-01T10:21:00Z")).toBe(true);
  expect(isLess("2026-03-01T10:19:00Z", "2026-03-01T10:20:00Z")).toBe(false);
  expect(isLess("2026-03-01T11:00:00Z", "2026-03-01T11:01:00Z")).toBe(false);
});

test("a level is ahead once it reaches where ticks that are not late may come", () => {
  const isMinuteAhead = (minuteUs: number) =>
    isAhead("minute", { ...BOUNDS, materialisedToUs: { ...NOTHING, minute: minuteUs } });
  expect(isMinuteAhead(at("2026-03-10T10:15:00Z"))).toBe(false);
  expect(isMinuteAhead(at("2026-03-10T10:16:00Z"))).toBe(true);
  expect(isAhead("day", { ...BOUNDS, materialisedToUs: { ...NOTHING, day: at("2026-03-10T22:00:00Z") } })).toBe(true);
});

test("no range of any level reaches behind the mark by minutes, or into the present", () => {
  const time = fc.integer({ min: NOW - 40 * US_PER_DAY, max: NOW + US_PER_DAY });
  fc.assert(
    fc.property(time, time, time, (from, to, mark) => {
      const window = { fromUs: Math.min(from, to), toUs: Math.max(from, to) + 1 };
      const bounds = { ...BOUNDS, wholeFromUs: Math.floor(mark / US_PER_DAY) * US_PER_DAY };
      const minutes = refreshRange("minute", window, bounds);
      if (minutes !== undefined) expect(minutes.fromUs).toBeGreaterThanOrEqual(bounds.wholeFromUs);
      for (const level of ["minute", "hour", "day"] as const) {
        expect(refreshRange(level, window, bounds)?.toUs ?? 0).toBeLessThanOrEqual(NOW - 10 * US_PER_MINUTE);
      }
    }),
  );
});

test("days of a time zone are recomputed, and the recent ones of a range of years", () => {
  const bounds = { ...BOUNDS, dayBoundary: { hour: 17, timezone: "America/New_York" } };
  const window = minute("2026-02-10T21:59:00Z", "2026-02-10T22:01:00Z");
  const days = minute("2026-02-09T22:00:00Z", "2026-02-11T22:00:00Z");
  expect(dayRefreshes(window, bounds)).toEqual([{ ...days, recompute: true }]);
  expect(dayRefreshes(window, BOUNDS)).toEqual([{ ...days, recompute: false }]);
  expect(dayRefreshes({ fromUs: 0, toUs: NOW }, bounds)).toEqual([
    { ...minute("1969-12-31T22:00:00Z", "2026-03-07T22:00:00Z"), recompute: false },
    { ...minute("2026-02-27T22:00:00Z", "2026-03-07T22:00:00Z"), recompute: true },
  ]);
});

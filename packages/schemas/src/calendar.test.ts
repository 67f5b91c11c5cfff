import fc from "fast-check";
import { bucketEdges, bucketEnd, bucketStart, type DayBoundary, fxDayName } from "./calendar.js";
import { INTERVALS, intervalProblem, parseAnyInterval, ticksPerBar } from "./interval.js";
import { formatBucket, parseTime, US_PER_DAY, US_PER_HOUR } from "./time.js";

const NEW_YORK: DayBoundary = { hour: 17, timezone: "America/New_York" };
const at = (time: string) => parseTime(time) ?? 0;
const zone = fc.constantFrom(
  "UTC",
  "America/New_York",
  "Europe/London",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "America/Sao_Paulo",
  "Asia/Beirut",
);
const boundary = fc.record({ hour: fc.integer({ min: 0, max: 23 }), timezone: zone });
const instant = fc.integer({ min: 0, max: at("2040-01-01T00:00:00Z") });

/** The local wall clock in a zone, by the platform's own formatter. */
function localHour(us: number, timezone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hour: "2-digit", hourCycle: "h23" });
  return Number(format.format(new Date(us / 1000)));
}

test("every instant lies in exactly one bucket, whose end is the next one's start", () => {
  fc.assert(
    fc.property(instant, fc.constantFrom(...INTERVALS), boundary, (us, interval, days) => {
      const start = bucketStart(us, interval, days);
      const end = bucketEnd(us, interval, days);
      expect(start).toBeLessThanOrEqual(us);
      expect(end).toBeGreaterThan(us);
      expect(bucketStart(start, interval, days)).toBe(start);
      expect(bucketStart(end - 1, interval, days)).toBe(start);
      expect(bucketStart(end, interval, days)).toBe(end);
    }),
    { numRuns: 3000 },
  );
});

test("a day starts at its local hour, or at the first instant after an hour that the clocks skip", () => {
  fc.assert(
    fc.property(instant, boundary, (us, days) => {
      const start = bucketStart(us, "1d", days);
      if (localHour(start, days.timezone) === days.hour) return;
      // Only a jump explains it: just before the start it was earlier than the hour, or a whole day was skipped.
      expect(localHour(start - 1, days.timezone)).not.toBe(days.hour);
    }),
    { numRuns: 3000 },
  );
});

test("a day whose hour the clocks skip starts with the first instant after the jump", () => {
  const start = (hour: number) => bucketStart(at("2024-03-10T12:00:00Z"), "1d", { hour, timezone: "America/New_York" });
  expect(formatBucket(start(1))).toBe("2024-03-10T06:00:00Z");
  expect(formatBucket(start(2))).toBe("2024-03-10T07:00:00Z");
  expect(formatBucket(start(3))).toBe("2024-03-10T07:00:00Z");
  expect(formatBucket(start(4))).toBe("2024-03-10T08:00:00Z");
});

test("New York's trading days are 23 and 25 hours long on the Sundays the clocks change", () => {
  const length = (time: string) =>
    (bucketEnd(at(time), "1d", NEW_YORK) - bucketStart(at(time), "1d", NEW_YORK)) / US_PER_HOUR;
  expect(length("2014-03-09T12:00:00Z")).toBe(23);
  expect(length("2014-11-02T12:00:00Z")).toBe(25);
  expect(length("2014-05-05T12:00:00Z")).toBe(24);
});

test("4-hour buckets count from the day's start, and the last one of a short or long day is cut", () => {
  const edges = bucketEdges(at("2014-03-08T22:00:00Z"), at("2014-03-09T21:00:00Z"), "4h", NEW_YORK);
  expect(edges.map((edge) => formatBucket(edge).slice(11, 13))).toEqual(["22", "02", "06", "10", "14", "18", "21"]);
  const long = bucketEdges(at("2014-11-01T21:00:00Z"), at("2014-11-02T22:00:00Z"), "4h", NEW_YORK);
  expect(long.map((edge) => formatBucket(edge).slice(11, 13))).toEqual([
    "21",
    "01",
    "05",
    "09",
    "13",
    "17",
    "21",
    "22",
  ]);
});

test("a day is named by the local date of its end, or of its start when it begins before noon", () => {
  const name = (time: string, hour: number) => fxDayName(at(time), { hour, timezone: "UTC" });
  expect(name("2014-05-04T22:00:00Z", 22)).toBe("2014-05-05");
  expect(name("2014-05-04T21:59:59Z", 22)).toBe("2014-05-04");
  expect(name("2014-05-04T12:00:00Z", 12)).toBe("2014-05-05");
  expect(name("2014-05-04T11:00:00Z", 11)).toBe("2014-05-04");
  expect(name("2014-05-04T08:59:59Z", 9)).toBe("2014-05-03");
  expect(name("2014-05-04T22:00:00Z", 0)).toBe("2014-05-04");
});

test.each([
  ["1w", "2014-05-04T21:00:00Z", "2014-05-05"],
  ["1M", "2014-04-30T21:00:00Z", "2014-05-01"],
  ["3M", "2014-03-31T21:00:00Z", "2014-04-01"],
  ["1y", "2013-12-31T22:00:00Z", "2014-01-01"],
] as const)("%s begins with the day whose name is its first", (interval, start, name) => {
  const bucket = bucketStart(at("2014-05-07T12:00:00Z"), interval, NEW_YORK);
  expect(formatBucket(bucket)).toBe(start);
  expect(fxDayName(bucket, NEW_YORK)).toBe(name);
});

test.each([
  ["7d", "1w"],
  ["30d", "1M"],
  ["7m", "1m 2m"],
  ["9t", "10t to 10000t"],
  ["10001t", "10t to 10000t"],
  ["010t", "10t to 10000t"],
])("%s is no interval, and the refusal names %s", (raw, named) => {
  expect(parseAnyInterval(raw)).toBeUndefined();
  expect(intervalProblem(raw)).toContain(named);
});

test("bars of 10 to 10,000 ticks are an interval", () => {
  for (const count of [10, 99, 100, 9999, 10_000]) expect(ticksPerBar(parseAnyInterval(`${count}t`))).toBe(count);
});

test("a date that a zone skipped altogether makes no empty bucket", () => {
  const edges = bucketEdges(at("2011-12-28T12:00:00Z"), at("2012-01-02T12:00:00Z"), "1d", {
    hour: 22,
    timezone: "Pacific/Apia",
  });
  expect(new Set(edges).size).toBe(edges.length);
  expect([...edges].sort((a, b) => a - b)).toEqual(edges);
});

test("edges cover a range without hole or overlap", () => {
  fc.assert(
    fc.property(
      instant,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom("45m", "4h", "1d", "1w", "1M", "3M", "1y"),
      boundary,
      (from, days, interval, bounds) => {
        const to = from + days * US_PER_DAY;
        const edges = bucketEdges(from, to, interval, bounds);
        expect(edges[0]).toBe(bucketStart(from, interval, bounds));
        expect(edges.at(-1)).toBeGreaterThanOrEqual(to);
        edges.slice(1).forEach((edge, index) => {
          expect(edge).toBe(bucketEnd(edges[index] ?? 0, interval, bounds));
        });
      },
    ),
    { numRuns: 300 },
  );
});

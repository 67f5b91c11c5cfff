import { Temporal } from "temporal-polyfill";
import { dayPartUs, fixedLengthUs, type Interval } from "./interval.js";
import { formatBucket, type Micros, US_PER_DAY, US_PER_HOUR } from "./time.js";
import { localInstant } from "./zone.js";

/**
 * The FX calendar: where buckets start and end. An FX day starts at a local hour of a time zone and is named by the local
 * date of its end when that hour is 12 or later, of its start when it is earlier; weeks (Monday to Sunday), months, quarters and
 * years are unions of FX days by their names; 45m and intervals from 2h to 12h count elapsed time from the FX day's start, the
 * last one cut at its end.
 */

/** The local hour (0 to 23) and IANA zone where the FX day starts. */
export interface DayBoundary {
  readonly hour: number;
  readonly timezone: string;
}

/** Day numbers count FX days by their local start date: 0 is 1970-01-01. */
function dateOfDay(day: number): Temporal.PlainDate {
  return new Temporal.PlainDate(1970, 1, 1).add({ days: day });
}

/** Where the FX day that starts on local date number `day` begins. */
function startOfDay(day: number, { hour, timezone }: DayBoundary): Micros {
  return timezone === "UTC" ? day * US_PER_DAY + hour * US_PER_HOUR : localInstant(day, hour * 60, timezone);
}

/**
 * The number of the FX day that contains an instant: no zone is further than a day from UTC, so the search is short. A day
 * that a zone skipped altogether has no length and contains nothing.
 */
function fxDay(us: Micros, boundary: DayBoundary): number {
  let day = Math.floor(us / US_PER_DAY);
  while (startOfDay(day, boundary) > us) day -= 1;
  while (startOfDay(day + 1, boundary) <= us) day += 1;
  return day;
}

/** The first day after `day` that starts later than it. */
function nextDay(day: number, boundary: DayBoundary): number {
  const start = startOfDay(day, boundary);
  let next = day + 1;
  while (startOfDay(next, boundary) <= start) next += 1;
  return next;
}

/** From this boundary hour on the greater part of an FX day lies on the date of its end. */
const NAMED_BY_END_FROM_HOUR = 12;

/** How far the date that names a day lies behind its start date. */
function nameShift(boundary: DayBoundary): number {
  return boundary.hour >= NAMED_BY_END_FROM_HOUR ? 1 : 0;
}

/** The intervals of whole calendar months, and of how many. */
const MONTHS = { "1M": 1, "3M": 3, "1y": 12 } as const satisfies Partial<Record<Interval, number>>;
type MonthsInterval = keyof typeof MONTHS;
/** The intervals of several FX days. */
type DaysInterval = "1w" | MonthsInterval;

function isMonths(interval: Interval): interval is MonthsInterval {
  return interval in MONTHS;
}

function isSeveralDays(interval: Interval): interval is DaysInterval {
  return interval === "1w" || isMonths(interval);
}

/** First day of the week, month, quarter or year that a day's name falls in. */
function firstDayOf(interval: DaysInterval, day: number, boundary: DayBoundary): number {
  const name = dateOfDay(day + nameShift(boundary));
  if (interval === "1w") return day - name.dayOfWeek + 1;
  const months = MONTHS[interval];
  const first = name.with({ month: name.month - ((name.month - 1) % months), day: 1 });
  return day - (name.dayOfYear - first.dayOfYear);
}

function firstDayAfter(interval: DaysInterval, firstDay: number, boundary: DayBoundary): number {
  if (interval === "1w") return firstDay + 7;
  const first = dateOfDay(firstDay + nameShift(boundary));
  return firstDay + first.until(first.add({ months: MONTHS[interval] })).days;
}

/**
 * The start of the bucket that contains an instant.
 *
 * @param boundary ignored by intervals of an hour or less, but for 45m
 */
export function bucketStart(us: Micros, interval: Interval, boundary: DayBoundary): Micros {
  const fixed = fixedLengthUs(interval);
  if (fixed !== undefined) return Math.floor(us / fixed) * fixed;
  const day = fxDay(us, boundary);
  if (isSeveralDays(interval)) return startOfDay(firstDayOf(interval, day, boundary), boundary);
  const start = startOfDay(day, boundary);
  const step = dayPartUs(interval);
  return step === undefined ? start : start + Math.floor((us - start) / step) * step;
}

/** No bar starts earlier: ticks begin with 1970, and the FX day of the first of them began at most 26 hours before. */
export const FIRST_BUCKET_US: Micros = -2 * US_PER_DAY;

/** The start of the bucket after the one that contains an instant, which is that one's end. */
export function bucketEnd(us: Micros, interval: Interval, boundary: DayBoundary): Micros {
  const fixed = fixedLengthUs(interval);
  if (fixed !== undefined) return (Math.floor(us / fixed) + 1) * fixed;
  const day = fxDay(us, boundary);
  if (isSeveralDays(interval)) {
    const first = firstDayOf(interval, day, boundary);
    return startOfDay(firstDayAfter(interval, first, boundary), boundary);
  }
  const dayEnd = startOfDay(nextDay(day, boundary), boundary);
  const step = dayPartUs(interval);
  if (step === undefined) return dayEnd;
  const start = startOfDay(day, boundary);
  return Math.min(dayEnd, start + (Math.floor((us - start) / step) + 1) * step);
}

/**
 * Every bucket start from the bucket that contains `fromUs` to the first one at or after `toUs`: the edges of the buckets
 * that cover [fromUs, toUs), ascending.
 */
export function bucketEdges(fromUs: Micros, toUs: Micros, interval: Interval, boundary: DayBoundary): Micros[] {
  const edges = [bucketStart(fromUs, interval, boundary)];
  for (let edge = edges[0] ?? fromUs; edge < toUs; ) {
    edge = bucketEnd(edge, interval, boundary);
    edges.push(edge);
  }
  return edges;
}

/** The name of the FX day that contains `us`, `YYYY-MM-DD`: the local date of its end, or, of a boundary before noon, of its start. */
export function fxDayName(us: Micros, boundary: DayBoundary): string {
  return formatBucket((fxDay(us, boundary) + nameShift(boundary)) * US_PER_DAY).slice(0, "YYYY-MM-DD".length);
}

/** Where the FX day begins whose name is a date, given as days since 1970-01-01. */
export function startOfNamedDay(date: number, boundary: DayBoundary): Micros {
  return startOfDay(date - nameShift(boundary), boundary);
}

/** Whether two boundaries start every FX day at the same instant, as far as their names tell. */
export function sameBoundary(a: DayBoundary, b: DayBoundary): boolean {
  return a.hour === b.hour && a.timezone.toLowerCase() === b.timezone.toLowerCase();
}

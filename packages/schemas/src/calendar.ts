import { Temporal } from "temporal-polyfill";
import { dayPartUs, fixedLengthUs, type Interval } from "./interval.js";
import { formatBucket, type Micros, US_PER_DAY, US_PER_HOUR } from "./time.js";
import { localInstant } from "./zone.js";

/**
 * The FX calendar: where buckets start and end. An FX day starts at a local hour of a time zone and is named by the local
 * date of its last instant; weeks (Monday to Sunday) and months are unions of FX days; intervals from 2h to 12h count
 * elapsed time from the FX day's start, the last one cut at its end.
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

/** How far the date of a day's last instant lies behind its start date: a day that starts at midnight ends on its own date. */
function nameShift(boundary: DayBoundary): number {
  return boundary.hour === 0 ? 0 : 1;
}

/** First day of the week or month that a day's name falls in. */
function firstDayOf(interval: "1w" | "1M", day: number, boundary: DayBoundary): number {
  const shift = nameShift(boundary);
  const name = dateOfDay(day + shift);
  return day - (interval === "1w" ? name.dayOfWeek : name.day) + 1;
}

function firstDayAfter(interval: "1w" | "1M", firstDay: number, boundary: DayBoundary): number {
  return firstDay + (interval === "1w" ? 7 : dateOfDay(firstDay + nameShift(boundary)).daysInMonth);
}

/**
 * The start of the bucket that contains an instant.
 *
 * @param boundary ignored by intervals of an hour or less
 */
export function bucketStart(us: Micros, interval: Interval, boundary: DayBoundary): Micros {
  const fixed = fixedLengthUs(interval);
  if (fixed !== undefined) return Math.floor(us / fixed) * fixed;
  const day = fxDay(us, boundary);
  if (interval === "1w" || interval === "1M") return startOfDay(firstDayOf(interval, day, boundary), boundary);
  const start = startOfDay(day, boundary);
  const step = dayPartUs(interval);
  return step === undefined ? start : start + Math.floor((us - start) / step) * step;
}

/** The start of the bucket after the one that contains an instant, which is that one's end. */
export function bucketEnd(us: Micros, interval: Interval, boundary: DayBoundary): Micros {
  const fixed = fixedLengthUs(interval);
  if (fixed !== undefined) return (Math.floor(us / fixed) + 1) * fixed;
  const day = fxDay(us, boundary);
  if (interval === "1w" || interval === "1M") {
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

/** The FX day's name, `YYYY-MM-DD`: the local date of the last instant of the day that contains `us`. */
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

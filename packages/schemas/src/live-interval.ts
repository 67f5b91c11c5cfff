import {
  type AnyInterval,
  dayPartUs,
  fixedLengthUs,
  type Interval,
  longestUs,
  parseInterval,
  type SHORT_NAMES,
  STORED_LENGTH_US,
  type StoredInterval,
  type TickInterval,
  takesDayBoundary,
  ticksPerBar,
} from "./interval.js";
import { type Micros, US_PER_DAY, US_PER_HOUR } from "./time.js";

/** What the stream calls each interval of the read side: the stored ones by their long names, all others as they are. */
export type LiveInterval = StoredInterval | Exclude<Interval, (typeof SHORT_NAMES)[StoredInterval]> | TickInterval;

/** The stream's name of an interval of time. */
function liveName(interval: Interval): LiveInterval {
  switch (interval) {
    case "1m":
      return "minute";
    case "1h":
      return "hour";
    case "1d":
      return "day";
    default:
      return interval;
  }
}

/** Reads an interval in any spelling of the read side. */
export function parseLiveInterval(raw: unknown): LiveInterval | undefined {
  const ticks = ticksPerBar(raw);
  if (ticks !== undefined) return `${ticks}t`;
  const interval = parseInterval(raw);
  return interval === undefined ? undefined : liveName(interval);
}

/** The same interval of time as the read side names it; undefined of bars of ticks. */
export function timeInterval(interval: LiveInterval | AnyInterval): Interval | undefined {
  return parseInterval(interval);
}

/** Whether bars of an interval may be asked for with a day boundary of their own. */
export function mayNameBoundary(interval: LiveInterval | AnyInterval): boolean {
  const time = timeInterval(interval);
  return time !== undefined && takesDayBoundary(time);
}

/** How many FX days intervals of several have at most. */
const DAYS_MAX: Readonly<Partial<Record<LiveInterval, number>>> = { "1w": 7, "1M": 31, "3M": 92, "1y": 366 };

/** How long a bucket is within which no clock changes, the longest of months and years; undefined of bars of ticks. */
export function usualLengthUs(interval: LiveInterval): Micros | undefined {
  const time = timeInterval(interval);
  if (time === undefined) return undefined;
  const days = DAYS_MAX[interval];
  return days === undefined ? (fixedLengthUs(time) ?? dayPartUs(time) ?? STORED_LENGTH_US.day) : days * US_PER_DAY;
}

/** How long a bucket is at most; bars of ticks are known by where they begin, and have no length. */
export function longestBucketUs(interval: LiveInterval): Micros {
  const usualUs = usualLengthUs(interval) ?? 0;
  return usualUs < STORED_LENGTH_US.day ? usualUs : usualUs + longestUs("day") - US_PER_DAY + US_PER_HOUR;
}

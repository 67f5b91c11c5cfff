import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type Micros,
  SHORT_NAMES,
  STORED_INTERVALS,
  type StoredInterval,
  type TimeRange,
  US_PER_DAY,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import type { BarFamily } from "./bar-families.js";
import { END_OFFSET_S } from "./policies.js";
import { readSettings } from "./settings.js";
import type { Sql, Transaction } from "./sql.js";

/** What bounds a refresh of one family of bars besides the windows themselves. */
export interface RefreshBounds {
  /** The database's clock. */
  readonly nowUs: Micros;
  readonly dayBoundary: DayBoundary;
  /** Raw ticks before this instant may be gone. */
  readonly wholeFromUs: Micros;
  /** How far each level is materialised. */
  readonly materialisedToUs: Readonly<Record<StoredInterval, Micros>>;
}

/** Reads what bounds a refresh of a family now. */
export async function readBounds(sql: Sql | Transaction, { name }: BarFamily): Promise<RefreshBounds> {
  const { dayBoundary } = await readSettings(sql);
  const [row] = await sql<(Record<StoredInterval, Micros> & { now: Micros; whole: Micros; since: Micros })[]>`
    select fx_clock() as now, greatest(whole_from, chunks_gone_to()) as whole,
           materialised_to('minute', ${name}) as minute, materialised_to('hour', ${name}) as hour,
           materialised_to('day', ${name}) as day
      from retention_mark`;
  if (row === undefined) throw new Error("the database has no retention mark");
  const { now: nowUs, whole: wholeFromUs, ...materialisedToUs } = row;
  return { nowUs, dayBoundary, wholeFromUs, materialisedToUs };
}

/** The level itself and those above it, which are made of what it has materialised and of nothing else. */
const MADE_OF_IT = { minute: STORED_INTERVALS, hour: ["hour", "day"], day: ["day"] } as const;

/**
 * The range of whole buckets that one aggregate is refreshed in so that it holds every change in `range`; undefined when
 * there is nothing to do.
 *
 * It never reaches into the time that real-time reads cover: materialising a running bucket would move the watermark past
 * it and hide new ticks. Where a watermark is there already, because a clock was ahead, it reaches up to it, and so do the levels
 * below: what they have not materialised is in no bar above. Minutes are never made of ticks that may be gone, which would
 * replace true bars by wrong ones; hours and days are made of stored bars.
 */
export function refreshRange(interval: StoredInterval, range: TimeRange, bounds: RefreshBounds): TimeRange | undefined {
  const { nowUs, dayBoundary, wholeFromUs, materialisedToUs } = bounds;
  const short = SHORT_NAMES[interval];
  const coveredFromUs = bucketStart(nowUs - END_OFFSET_S[interval] * US_PER_SECOND, short, dayBoundary);
  const newestUs = Math.max(coveredFromUs, ...MADE_OF_IT[interval].map((level) => materialisedToUs[level]));
  const oldestUs = interval === "minute" ? wholeFromUs : Number.NEGATIVE_INFINITY;
  const fromUs = Math.max(oldestUs, bucketStart(range.fromUs, short, dayBoundary));
  const toUs = Math.min(newestUs, bucketEnd(range.toUs - 1, short, dayBoundary));
  return fromUs < toUs ? { fromUs, toUs } : undefined;
}

/** Whether a level is materialised up to where ticks that are not late may still come. */
export function isAhead(interval: StoredInterval, { nowUs, dayBoundary, materialisedToUs }: RefreshBounds): boolean {
  const liveFromUs = nowUs - (END_OFFSET_S.minute / 2) * US_PER_SECOND;
  return materialisedToUs[interval] > bucketStart(liveFromUs, SHORT_NAMES[interval], dayBoundary);
}

/**
 * Whether some bucket that a range touches is materialised while what it is made of is not: a day is up to its end, the minutes
 * in it up to the last that has ticks.
 */
export function isMadeOfLess(range: TimeRange, { dayBoundary, materialisedToUs }: RefreshBounds): boolean {
  return STORED_INTERVALS.some((interval) => {
    const startUs = bucketStart(range.fromUs, SHORT_NAMES[interval], dayBoundary);
    const below = STORED_INTERVALS.slice(0, STORED_INTERVALS.indexOf(interval));
    return startUs < materialisedToUs[interval] && below.some((level) => range.toUs > materialisedToUs[level]);
  });
}

/** The smallest range that holds all of `ranges`, of which there is at least one. */
export function span(ranges: readonly TimeRange[]): TimeRange {
  const start = (earliest: Micros, range: TimeRange) => Math.min(earliest, range.fromUs);
  const end = (latest: Micros, range: TimeRange) => Math.max(latest, range.toUs);
  return { fromUs: ranges.reduce(start, Number.POSITIVE_INFINITY), toUs: ranges.reduce(end, Number.NEGATIVE_INFINITY) };
}

/** One refresh of days. */
export interface DayRefresh extends TimeRange {
  /** Every day, and not only those that have changed. */
  readonly recompute: boolean;
}

/** Days before the end of a longer range that are recomputed with it. */
const RECENT_DAYS = 8;
/** Recomputing so many takes less than a second. */
const DAYS_RECOMPUTED_MAX = 400;

/**
 * The refreshes of days that hold every change in a range.
 *
 * Where days are those of a time zone, TimescaleDB (2.28) takes a change of hours up to the first one of a day for one that ends
 * before it, and leaves that day as it was. So there days are recomputed, whatever it believes.
 */
export function dayRefreshes(range: TimeRange, bounds: RefreshBounds): DayRefresh[] {
  const days = refreshRange("day", range, bounds);
  if (days === undefined) return [];
  if (bounds.dayBoundary.timezone === "UTC") return [{ ...days, recompute: false }];
  if (days.toUs - days.fromUs <= DAYS_RECOMPUTED_MAX * US_PER_DAY) return [{ ...days, recompute: true }];
  const recentUs = bucketStart(days.toUs - RECENT_DAYS * US_PER_DAY, SHORT_NAMES.day, bounds.dayBoundary);
  return [
    { ...days, recompute: false },
    { fromUs: recentUs, toUs: days.toUs, recompute: true },
  ];
}

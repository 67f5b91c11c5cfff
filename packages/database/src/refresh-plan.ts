import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type Micros,
  type StoredInterval,
  US_PER_DAY,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import { END_OFFSET_S } from "./policies.js";

/** A half-open range of time. */
export interface TimeRange {
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** What bounds a refresh besides the windows themselves. */
export interface RefreshBounds {
  readonly nowUs: Micros;
  readonly dayBoundary: DayBoundary;
  /** 0 keeps raw ticks for ever. */
  readonly retentionDays: number;
}

const INTERVAL = { minute: "1m", hour: "1h", day: "1d" } as const;

/**
 * The range of whole buckets that one aggregate is refreshed in so that it holds every change in `range`; undefined when
 * there is nothing to do.
 *
 * It never reaches into the time that real-time reads cover: materialising a running bucket would move the watermark past
 * it and hide new ticks. It never reaches behind the retention horizon either: recomputing a bucket whose raw ticks were
 * dropped would replace a true bar by a wrong one.
 */
export function refreshRange(interval: StoredInterval, range: TimeRange, bounds: RefreshBounds): TimeRange | undefined {
  const { nowUs, dayBoundary, retentionDays } = bounds;
  const short = INTERVAL[interval];
  const newestUs = bucketStart(nowUs - END_OFFSET_S[interval] * US_PER_SECOND, short, dayBoundary);
  const keptForEver = retentionDays === 0;
  const horizonUs = keptForEver ? -Infinity : bucketEnd(nowUs - retentionDays * US_PER_DAY, short, dayBoundary);
  const fromUs = Math.max(horizonUs, bucketStart(range.fromUs, short, dayBoundary));
  const toUs = Math.min(newestUs, bucketEnd(range.toUs - 1, short, dayBoundary));
  return fromUs < toUs ? { fromUs, toUs } : undefined;
}

/** The smallest range that holds all of `ranges`, of which there is at least one. */
export function span(ranges: readonly TimeRange[]): TimeRange {
  const start = (earliest: Micros, range: TimeRange) => Math.min(earliest, range.fromUs);
  const end = (latest: Micros, range: TimeRange) => Math.max(latest, range.toUs);
  return { fromUs: ranges.reduce(start, Number.POSITIVE_INFINITY), toUs: ranges.reduce(end, Number.NEGATIVE_INFINITY) };
}

/** As many days as are refreshed one by one without anybody noticing. */
const DAYS_ONE_BY_ONE_MAX = 30;
/** Refreshing a day by itself takes some 30 ms; as one of a long range, that is recomputed whole, it takes about 1. */
const DAY_COST_RATIO = 30;

/**
 * Whether the days of a range are better recomputed whole than only where some windows changed them, each by itself. While
 * hours or minutes of the range wait too, each of those also costs seconds of planning, for real-time days look at every
 * chunk of raw ticks that is not in the minutes yet.
 */
export function areDaysRecomputed(windows: readonly TimeRange[], range: TimeRange): boolean {
  const touched = new Set(windows.map(({ fromUs }) => Math.floor(fromUs / US_PER_DAY))).size;
  const days = (range.toUs - range.fromUs) / US_PER_DAY;
  return touched > DAYS_ONE_BY_ONE_MAX && touched * DAY_COST_RATIO > days;
}

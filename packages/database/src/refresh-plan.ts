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
import { END_OFFSET_S } from "./policies.js";

/** What bounds a refresh besides the windows themselves. */
export interface RefreshBounds {
  /** The database's clock. */
  readonly nowUs: Micros;
  readonly dayBoundary: DayBoundary;
  /** Raw ticks before this instant may be gone. */
  readonly wholeFromUs: Micros;
  /** How far each level is materialised. */
  readonly materialisedToUs: Readonly<Record<StoredInterval, Micros>>;
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

/** Days before the end of a long range that are recomputed with it; hours older than that come with windows of their own. */
const RECENT_DAYS = 8;

/**
 * The refreshes of days that hold every change in some windows.
 *
 * Where days are those of a time zone, TimescaleDB (2.28) takes a change of hours up to the first one of a day for one that ends
 * before it, and leaves that day as it was. So there the days that windows touch are recomputed, whatever it believes.
 */
export function dayRefreshes(windows: readonly TimeRange[], bounds: RefreshBounds): DayRefresh[] {
  const whole = refreshRange("day", span(windows), bounds);
  if (whole === undefined) return [];
  if (bounds.dayBoundary.timezone === "UTC" || areDaysRecomputed(windows, whole)) {
    return [{ ...whole, recompute: areDaysRecomputed(windows, whole) }];
  }
  const refreshes = new Map<Micros, DayRefresh>();
  for (const window of windows) {
    const days = refreshRange("day", window, bounds);
    if (days === undefined) continue;
    const isLong = days.toUs - days.fromUs > DAYS_ONE_BY_ONE_MAX * US_PER_DAY;
    if (isLong) refreshes.set(days.fromUs, { ...days, recompute: false });
    const fromUs = isLong
      ? bucketStart(days.toUs - RECENT_DAYS * US_PER_DAY, SHORT_NAMES.day, bounds.dayBoundary)
      : days.fromUs;
    refreshes.set(fromUs, { fromUs, toUs: Math.max(days.toUs, refreshes.get(fromUs)?.toUs ?? 0), recompute: true });
  }
  return [...refreshes.values()];
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

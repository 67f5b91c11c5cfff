import {
  type DayBoundary,
  FIRST_BUCKET_US,
  LATEST_US,
  LIMIT_DEFAULT,
  type Micros,
  type TimeRange,
} from "@fx-ohlc/schemas";

/** The parameters that every paged read has. */
interface RangeParameters {
  /** The beginning of all data when absent. */
  readonly start?: Micros;
  readonly end?: Micros;
  readonly limit?: number | "all";
}

/** Rows of a whole range are read so many at a time, some 0.7 MB of text. */
const ROWS_AT_A_TIME = 5000;

/** What of a symbol is asked for: everything within [fromUs, toUs), at most `limit` rows. */
export interface Range extends TimeRange {
  readonly limit: number;
}

/** An instant cut to where bars and ticks can be: others are valid, but not exact and of no use to the database. */
export function clampInstant(us: Micros): Micros {
  return Math.min(Math.max(us, FIRST_BUCKET_US), LATEST_US);
}

/** The range of a query; `end` is now when absent. */
export function rangeOf(
  { start = FIRST_BUCKET_US, end, limit = LIMIT_DEFAULT }: RangeParameters,
  nowUs: Micros,
): Range {
  return {
    fromUs: clampInstant(start),
    toUs: end === undefined ? nowUs : clampInstant(end),
    limit: limit === "all" ? ROWS_AT_A_TIME : limit,
  };
}

/** The day boundary a query names: neither part, the stored one; a zone alone, its midnight; an hour alone, in UTC. */
export function boundaryOf(
  { day_start_hour: hour, timezone }: { readonly day_start_hour?: number; readonly timezone?: string },
  stored: DayBoundary,
): DayBoundary {
  if (hour === undefined && timezone === undefined) return stored;
  return { hour: hour ?? 0, timezone: timezone ?? "UTC" };
}

import { type DayBoundary, LATEST_US, LIMIT_DEFAULT, type Micros, normalizeSymbol, parseTime } from "@fx-ohlc/schemas";
import { FIRST_BUCKET_US } from "../bars/stored-bars.js";

/** The checked parameters that every paged read has. */
interface RangeParameters {
  readonly symbol: string;
  /** The beginning of all data when absent. */
  readonly start?: string;
  readonly end?: string;
  readonly limit?: string;
}

/** Rows of a whole range are read so many at a time, some 0.7 MB of text. */
const ROWS_AT_A_TIME = 5000;

/** What of a symbol is asked for: everything within [fromUs, toUs), at most `limit` rows. */
export interface Range {
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly limit: number;
}

/** An instant cut to where bars and ticks can be: others are valid, but not exact and of no use to the database. */
export function clampInstant(us: Micros): Micros {
  return Math.min(Math.max(us, FIRST_BUCKET_US), LATEST_US);
}

function instant(text: string): Micros {
  return clampInstant(parseTime(text) ?? 0);
}

/** The range of a checked query; `end` is now when absent. */
export function rangeOf({ symbol, start, end, limit }: RangeParameters, nowUs: Micros): Range {
  return {
    symbol: normalizeSymbol(symbol) ?? "",
    fromUs: start === undefined ? FIRST_BUCKET_US : instant(start),
    toUs: end === undefined ? nowUs : instant(end),
    limit: limit === "all" ? ROWS_AT_A_TIME : Number(limit ?? LIMIT_DEFAULT),
  };
}

/** The day boundary a query names: neither part, the stored one; a zone alone, its midnight; an hour alone, in UTC. */
export function boundaryOf(
  { day_start_hour: hour, timezone }: { readonly day_start_hour?: string; readonly timezone?: string },
  stored: DayBoundary,
): DayBoundary {
  if (hour === undefined && timezone === undefined) return stored;
  return { hour: Number(hour ?? 0), timezone: timezone ?? "UTC" };
}

/** The symbols of a checked list, each once, in the order given. */
export function symbolsOf(list: string): string[] {
  return [...new Set(list.split(",").map((symbol) => normalizeSymbol(symbol) ?? ""))];
}

import { type BinaryColumn, float8s, instants, int8s } from "../binary-columns.js";
import type { QuoteArrays, QuoteColumns } from "./quote-columns.js";

export const COLUMNS = ["bucketUs", "open", "high", "low", "close", "tickCount"] as const;
type ColumnName = (typeof COLUMNS)[number];

/** Bars of one symbol, ascending, a column each. */
export interface BarColumns extends Readonly<Record<ColumnName, ArrayLike<number>>> {
  /** Absent where nobody asked for them. */
  readonly quotes?: QuoteColumns;
}
/** The same in plain arrays. */
export interface BarArrays extends Readonly<Record<ColumnName, readonly number[]>> {
  readonly quotes?: QuoteArrays;
}

/** Makes bars column by column. */
export function eachColumn<T>(of: (name: ColumnName) => T): Readonly<Record<ColumnName, T>> {
  return Object.fromEntries(COLUMNS.map((name) => [name, of(name)])) as Record<ColumnName, T>; // All of them.
}

/** The select list that gives {@link AggregatedBars} of the bars of a subquery, in the subquery's order. */
export const AGGREGATED_COLUMNS = `
           string_agg(timestamptz_send(bucket), '') as buckets,
           string_agg(float8send(open), '')         as opens,
           string_agg(float8send(high), '')         as highs,
           string_agg(float8send(low), '')          as lows,
           string_agg(float8send(close), '')        as closes,
           string_agg(int8send(tick_count), '')     as tick_counts`;

export const NO_BARS: BarArrays = eachColumn(() => []);

/** One row of aggregated binary columns. */
export interface AggregatedBars {
  readonly buckets: BinaryColumn;
  readonly opens: BinaryColumn;
  readonly highs: BinaryColumn;
  readonly lows: BinaryColumn;
  readonly closes: BinaryColumn;
  readonly tick_counts: BinaryColumn;
}

export function barColumns(row: AggregatedBars | undefined): BarArrays {
  if (row === undefined) return NO_BARS;
  return {
    bucketUs: instants(row.buckets),
    open: float8s(row.opens),
    high: float8s(row.highs),
    low: float8s(row.lows),
    close: float8s(row.closes),
    tickCount: int8s(row.tick_counts),
  };
}

/**
 * The place of the first bar that starts at an instant or after it. Bars follow one another at one distance, but for gaps: it is
 * looked for first where it would be without any.
 */
export function placeOf({ bucketUs }: Pick<BarColumns, "bucketUs">, us: number): number {
  const at = (place: number) => bucketUs[place] ?? 0;
  const last = bucketUs.length - 1;
  if (last < 0 || us <= at(0)) return 0;
  if (us > at(last)) return last + 1;
  const likely = Math.round(((us - at(0)) / (at(last) - at(0))) * last);
  if (us <= at(likely) && us > at(likely - 1)) return likely;
  let [low, high] = us > at(likely) ? [likely + 1, last] : [0, likely];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(middle) < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

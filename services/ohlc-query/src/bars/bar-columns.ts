import { type BinaryColumn, float8s, instants, int8s } from "../binary-columns.js";

export const COLUMNS = ["bucketUs", "open", "high", "low", "close", "tickCount"] as const;

/** Bars of one symbol, ascending, a column each. */
export type BarColumns = Readonly<Record<(typeof COLUMNS)[number], readonly number[]>>;

/** Makes bars column by column. */
export function eachColumn(of: (name: keyof BarColumns) => readonly number[]): BarColumns {
  return Object.fromEntries(COLUMNS.map((name) => [name, of(name)])) as BarColumns; // All of them.
}

/** The select list that gives {@link AggregatedBars} of the bars of a subquery, in the subquery's order. */
export const AGGREGATED_COLUMNS = `
           string_agg(timestamptz_send(bucket), '') as buckets,
           string_agg(float8send(open), '')         as opens,
           string_agg(float8send(high), '')         as highs,
           string_agg(float8send(low), '')          as lows,
           string_agg(float8send(close), '')        as closes,
           string_agg(int8send(tick_count), '')     as tick_counts`;

/** The select list that makes one bar of a group of bars: the open of the first, the close of the last. */
export const FOLDED_COLUMNS = `
                   (array_agg(open order by bucket))[1]       as open,
                   max(high)                                  as high,
                   min(low)                                   as low,
                   (array_agg(close order by bucket desc))[1] as close,
                   sum(tick_count)::bigint                    as tick_count`;

export const NO_BARS = eachColumn(() => []);

/** One row of aggregated binary columns. */
export interface AggregatedBars {
  readonly buckets: BinaryColumn;
  readonly opens: BinaryColumn;
  readonly highs: BinaryColumn;
  readonly lows: BinaryColumn;
  readonly closes: BinaryColumn;
  readonly tick_counts: BinaryColumn;
}

export function barColumns(row: AggregatedBars | undefined): BarColumns {
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

/** The bars from place `from` up to `to`, as `Array.slice` counts. */
function sliceBars(bars: BarColumns, from: number, to?: number): BarColumns {
  return eachColumn((name) => bars[name].slice(from, to));
}

/** The first `count` bars. */
export function firstBars(bars: BarColumns, count: number): BarColumns {
  return bars.bucketUs.length <= count ? bars : sliceBars(bars, 0, count);
}

/** The last `count` bars. */
export function lastBars(bars: BarColumns, count: number): BarColumns {
  return bars.bucketUs.length <= count ? bars : sliceBars(bars, bars.bucketUs.length - count);
}

/** Bars one after the other; each part starts after the one before it ends. */
export function joinBars(parts: readonly BarColumns[]): BarColumns {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return eachColumn((name) => parts.flatMap((part) => part[name]));
}

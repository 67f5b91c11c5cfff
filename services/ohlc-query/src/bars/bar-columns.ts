import type { Micros } from "@fx-ohlc/schemas";
import { type BinaryColumn, float8s, instants, int8s } from "../binary-columns.js";

/** Bars of one symbol, ascending, a column each. */
export interface BarColumns {
  readonly bucketUs: readonly Micros[];
  readonly open: readonly number[];
  readonly high: readonly number[];
  readonly low: readonly number[];
  readonly close: readonly number[];
  readonly tickCount: readonly number[];
}

/** One row of aggregated binary columns. */
export interface AggregatedBars {
  readonly buckets: BinaryColumn;
  readonly opens: BinaryColumn;
  readonly highs: BinaryColumn;
  readonly lows: BinaryColumn;
  readonly closes: BinaryColumn;
  readonly tick_counts: BinaryColumn;
}

const NO_BARS: AggregatedBars = {
  buckets: null,
  opens: null,
  highs: null,
  lows: null,
  closes: null,
  tick_counts: null,
};

export function barColumns(row: AggregatedBars = NO_BARS): BarColumns {
  return {
    bucketUs: instants(row.buckets),
    open: float8s(row.opens),
    high: float8s(row.highs),
    low: float8s(row.lows),
    close: float8s(row.closes),
    tickCount: int8s(row.tick_counts),
  };
}

/** The first `count` bars. */
export function firstBars(bars: BarColumns, count: number): BarColumns {
  if (bars.bucketUs.length <= count) return bars;
  return {
    bucketUs: bars.bucketUs.slice(0, count),
    open: bars.open.slice(0, count),
    high: bars.high.slice(0, count),
    low: bars.low.slice(0, count),
    close: bars.close.slice(0, count),
    tickCount: bars.tickCount.slice(0, count),
  };
}

/** Bars one after the other; each part starts after the one before it ends. */
export function joinBars(parts: readonly BarColumns[]): BarColumns {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return {
    bucketUs: parts.flatMap((part) => part.bucketUs),
    open: parts.flatMap((part) => part.open),
    high: parts.flatMap((part) => part.high),
    low: parts.flatMap((part) => part.low),
    close: parts.flatMap((part) => part.close),
    tickCount: parts.flatMap((part) => part.tickCount),
  };
}

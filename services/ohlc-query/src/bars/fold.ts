import { type Micros, type StoredInterval, US_PER_HOUR } from "@fx-ohlc/schemas";
import type { BarArrays } from "./bar-columns.js";
import type { Bars } from "./bars.js";
import { foldQuotes } from "./fold-quotes.js";

/** Bars as they are made. */
interface GrowingBars {
  readonly bucketUs: number[];
  readonly open: number[];
  readonly high: number[];
  readonly low: number[];
  readonly close: number[];
  readonly tickCount: number[];
}

/** Buckets were to be made of hours, and one begins or ends within an hour. */
export class PartHourError extends Error {
  override readonly name = "PartHourError";
}

/** What longer bars are: of which their prices are, and where each of them starts and ends. */
export interface Folding {
  /** The stored bars they are made of; undefined of others, which never begin or end within one. */
  readonly source: StoredInterval | undefined;
  startOf(us: Micros): Micros;
  endOf(us: Micros): Micros;
}

/**
 * Makes longer bars of shorter ones. Every price is one of theirs: the open of the first, the close of the last, the highest and
 * the lowest.
 *
 * @throws PartHourError when they are hours, and the zone's offset has a part-hour
 */
export function foldBars(source: Bars, series: Folding): BarArrays {
  const bars: GrowingBars = { bucketUs: [], open: [], high: [], low: [], close: [], tickCount: [] };
  let endUs = Number.NEGATIVE_INFINITY;
  for (const { columns, from, to } of source.parts) {
    for (let i = from; i < to; i += 1) {
      const us = columns.bucketUs[i] ?? 0;
      if (us >= endUs) {
        const startUs = series.startOf(us);
        endUs = series.endOf(us);
        assertWholeHours(series, startUs, endUs);
        begin(bars, startUs, columns.open[i] ?? 0);
      }
      const last = bars.bucketUs.length - 1;
      bars.high[last] = Math.max(bars.high[last] ?? 0, columns.high[i] ?? 0);
      bars.low[last] = Math.min(bars.low[last] ?? 0, columns.low[i] ?? 0);
      bars.close[last] = columns.close[i] ?? 0;
      bars.tickCount[last] = (bars.tickCount[last] ?? 0) + (columns.tickCount[i] ?? 0);
    }
  }
  const quotes = foldQuotes(source, bars.bucketUs);
  return quotes === undefined ? bars : { ...bars, quotes };
}

function begin(bars: GrowingBars, bucketUs: number, open: number): void {
  bars.bucketUs.push(bucketUs);
  bars.open.push(open);
  bars.high.push(Number.NEGATIVE_INFINITY);
  bars.low.push(Number.POSITIVE_INFINITY);
  bars.close.push(open);
  bars.tickCount.push(0);
}

function assertWholeHours({ source }: Folding, startUs: number, endUs: number): void {
  if (source === "hour" && (startUs % US_PER_HOUR !== 0 || endUs % US_PER_HOUR !== 0)) throw new PartHourError();
}

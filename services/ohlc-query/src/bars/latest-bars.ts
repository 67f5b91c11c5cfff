import { type Bar, bucketStart, type DayBoundary, type Interval, type Micros } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { type BarPages, storedAs } from "./bar-page.js";
import { type NewestBar, readNewestBars } from "./newest-bars.js";

/** The newest bar of each symbol, and the clock they were read by. */
export interface LatestBars {
  readonly nowUs: Micros;
  readonly bars: readonly Bar[];
}

/** The derived bar that contains a minute. */
async function derivedAround(
  pages: BarPages,
  newest: NewestBar,
  interval: Interval,
  boundary: DayBoundary,
): Promise<Bar[]> {
  const bucketUs = bucketStart(newest.bucketUs, interval, boundary);
  const range = { interval, boundary, symbol: newest.symbol, fromUs: bucketUs, toUs: bucketUs + 1, limit: 1 };
  const bars = (await pages.first(range)).bars.arrays();
  return bars.bucketUs.map((bucketUs, i) => ({
    symbol: newest.symbol,
    bucketUs,
    open: bars.open[i] ?? 0,
    high: bars.high[i] ?? 0,
    low: bars.low[i] ?? 0,
    close: bars.close[i] ?? 0,
    tickCount: bars.tickCount[i] ?? 0,
  }));
}

/** Which newest bars to read. */
export interface LatestRange {
  readonly symbols: readonly string[];
  readonly interval: Interval;
  /** Matters only to intervals of two hours or more. */
  readonly boundary: DayBoundary;
}

/** Reads the newest bar of each symbol that has one, complete or not, never one that starts after now. */
export async function readLatestBars(
  reader: Reader,
  pages: BarPages,
  { symbols, interval, boundary }: LatestRange,
): Promise<LatestBars> {
  const { nowUs, bars: newest } = await readNewestBars(reader, symbols);
  const stored = storedAs(interval, boundary, reader.dayBoundary);
  if (stored !== undefined) {
    return { nowUs, bars: newest.filter((bar) => bar.interval === stored && bar.bucketUs <= nowUs) };
  }
  // A minute may start after now and lie in a bucket that has begun.
  const minutes = newest.filter((bar) => bar.interval === "minute");
  const begun = minutes.filter(({ bucketUs }) => bucketStart(bucketUs, interval, boundary) <= nowUs);
  const newestOf = new Map(begun.sort((a, b) => a.bucketUs - b.bucketUs).map((bar) => [bar.symbol, bar]));
  const around = [...newestOf.values()].map((bar) => derivedAround(pages, bar, interval, boundary));
  return { nowUs, bars: (await Promise.all(around)).flat() };
}

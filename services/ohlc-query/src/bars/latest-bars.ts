import {
  type Bar,
  bucketStart,
  type DayBoundary,
  type Interval,
  type Micros,
  parseStoredInterval,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import type { BarPages } from "./bar-page.js";
import { type NewestBar, readNewestBars } from "./newest-bars.js";

/** The newest bar of each symbol, and the clock they were read by. */
export interface LatestBars {
  readonly nowUs: Micros;
  readonly bars: readonly Bar[];
}

/** The derived bar that contains a symbol's newest minute: it starts no later than that, so not after now. */
async function derivedAround(
  pages: BarPages,
  newest: NewestBar,
  interval: Interval,
  boundary: DayBoundary,
): Promise<Bar[]> {
  const bucketUs = bucketStart(newest.bucketUs, interval, boundary);
  const range = { interval, boundary, symbol: newest.symbol, fromUs: bucketUs, toUs: bucketUs + 1, limit: 1 };
  const { bars } = await pages.read(range);
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

/** Reads the newest bar of each symbol that has one, complete or not, never one that starts after now. */
export async function readLatestBars(
  reader: Reader,
  pages: BarPages,
  symbols: readonly string[],
  interval: Interval,
): Promise<LatestBars> {
  const { nowUs, bars: newest } = await readNewestBars(reader, symbols);
  const bars = newest.filter(({ bucketUs }) => bucketUs <= nowUs);
  const stored = parseStoredInterval(interval);
  if (stored !== undefined) return { nowUs, bars: bars.filter((bar) => bar.interval === stored) };
  const minutes = bars.filter((bar) => bar.interval === "minute");
  const derived = await Promise.all(minutes.map((bar) => derivedAround(pages, bar, interval, reader.dayBoundary)));
  return { nowUs, bars: derived.flat() };
}

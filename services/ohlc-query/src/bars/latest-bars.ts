import {
  bucketStart,
  type DayBoundary,
  FIRST_BUCKET_US,
  type Interval,
  isOfTicks,
  type Micros,
} from "@fx-ohlc/schemas";
import type { BarWithQuotes } from "../formats/bar-table.js";
import type { Reader } from "../reader.js";
import { eachColumn } from "./bar-columns.js";
import { type BarPages, storedAs } from "./bar-page.js";
import type { Bars } from "./bars.js";
import { type NewestBar, readNewestBars } from "./newest-bars.js";
import { eachQuoteColumn, noQuote } from "./quote-columns.js";

/** The newest bar of each symbol, and the clock they were read by. */
export interface LatestBars {
  readonly nowUs: Micros;
  readonly bars: readonly BarWithQuotes[];
}

/** Which newest bars to read. */
export interface LatestRange {
  readonly symbols: readonly string[];
  readonly interval: Interval;
  /** Matters only to intervals of two hours or more. */
  readonly boundary: DayBoundary;
  /** Whether to read what quotes were in them, too. */
  readonly withQuotes: boolean;
  /** Whether one that runs still is left out, and the one before it is the newest. */
  readonly complete: boolean;
}

/** The bar of an interval that contains a newest one. */
async function barAround(
  pages: BarPages,
  { symbol, bucketUs: withinUs }: NewestBar,
  { interval, boundary, withQuotes }: LatestRange,
): Promise<BarWithQuotes[]> {
  const fromUs = bucketStart(withinUs, interval, boundary);
  const range = { interval, boundary, withQuotes, symbol, fromUs, toUs: fromUs + 1, limit: 1 };
  return barsWithQuotes(symbol, (await pages.first(range)).bars);
}

/** The last bar of a symbol that starts before an instant. */
async function barBefore(pages: BarPages, symbol: string, toUs: Micros, range: LatestRange): Promise<BarWithQuotes[]> {
  const { interval, boundary, withQuotes } = range;
  const last = { interval, boundary, withQuotes, symbol, fromUs: FIRST_BUCKET_US, toUs, limit: 1 };
  return barsWithQuotes(symbol, (await pages.last(last)).bars);
}

function barsWithQuotes(symbol: string, found: Bars): BarWithQuotes[] {
  const { quotes, ...bars } = found.arrays();
  return bars.bucketUs.map((_us, i) => ({
    symbol,
    ...eachColumn((name) => bars[name][i] ?? 0),
    ...(quotes === undefined ? {} : { quotes: eachQuoteColumn((name) => quotes[name][i] ?? noQuote(name)) }),
  }));
}

/** The newest minute of each symbol in a bucket that has begun. */
function begunMinutes(newest: readonly NewestBar[], { interval, boundary }: LatestRange, nowUs: Micros): NewestBar[] {
  // A minute may start after now and lie in a bucket that has begun.
  const minutes = newest.filter((bar) => bar.interval === "minute");
  const begun = minutes.filter(({ bucketUs }) => bucketStart(bucketUs, interval, boundary) <= nowUs);
  const newestOf = new Map(begun.sort((a, b) => a.bucketUs - b.bucketUs).map((bar) => [bar.symbol, bar]));
  return [...newestOf.values()];
}

/** Of one bar, as it is answered. */
function withItsQuotes({ quotes, ...bar }: NewestBar): BarWithQuotes {
  return {
    ...bar,
    ...(quotes === undefined ? {} : { quotes: eachQuoteColumn((name) => quotes[name][0] ?? noQuote(name)) }),
  };
}

/** One read a symbol: those of ticks, which nothing stored leads to, and the newest before those that run still. */
async function readEachBefore(reader: Reader, pages: BarPages, range: LatestRange): Promise<LatestBars> {
  const nowUs = reader.nowUs();
  const toUs = range.complete ? bucketStart(nowUs, range.interval, range.boundary) : nowUs + 1;
  const bars = await Promise.all(range.symbols.map((symbol) => barBefore(pages, symbol, toUs, range)));
  return { nowUs, bars: bars.flat() };
}

/** The bars of an interval that is not stored: those around the newest minutes. */
async function readAround(reader: Reader, pages: BarPages, range: LatestRange): Promise<LatestBars> {
  const { nowUs, bars: newest } = await readNewestBars(reader, range.symbols, []);
  const around = begunMinutes(newest, range, nowUs).map((bar) => barAround(pages, bar, range));
  return { nowUs, bars: (await Promise.all(around)).flat() };
}

/**
 * Reads the newest bar of each symbol that has one, complete or not, never one that starts after now. All of them are of one snapshot,
 * their quotes too.
 */
export async function readLatestBars(reader: Reader, pages: BarPages, range: LatestRange): Promise<LatestBars> {
  if (range.complete || isOfTicks(range.interval) || pages.areOfPast) {
    return pages.underOneSnapshot((ofIt, within) => readEachBefore(within, ofIt, range));
  }
  const stored = storedAs(range.interval, range.boundary, reader.dayBoundary);
  if (stored === undefined) return pages.underOneSnapshot((ofIt, within) => readAround(within, ofIt, range));
  const { nowUs, bars: newest } = await readNewestBars(reader, range.symbols, range.withQuotes ? [stored] : []);
  const bars = newest.filter((bar) => bar.interval === stored && bar.bucketUs <= nowUs);
  return { nowUs, bars: bars.map(withItsQuotes) };
}

import {
  type Bar,
  bucketEnd,
  bucketStart,
  type DayBoundary,
  FIRST_BUCKET_US,
  type Interval,
  isOfTicks,
  type Micros,
  US_PER_DAY,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import type { BarArrays } from "./bar-columns.js";
import type { BarPages } from "./bar-page.js";
import type { Bars } from "./bars.js";
import type { NewestBars } from "./newest-bars.js";
import { withQuoteKeys } from "./newest-quotes.js";
import { keysOf, type OuterKeys, outerKeys } from "./outer-keys.js";
import { eachQuoteColumn, noQuote, type QuoteArrays } from "./quote-columns.js";

/** A bar from which a gateway goes on. */
export interface AnchorBar extends Bar, OuterKeys {
  readonly quotes?: QuoteArrays;
  /** Of its first and its last quote; absent where it has none. */
  readonly quoteKeys?: OuterKeys;
}

/** The newest bars that are not stored as they are. */
export interface LevelRange {
  readonly symbols: readonly string[];
  readonly interval: Interval;
  readonly boundary: DayBoundary;
  readonly withQuotes: boolean;
}

/** Bars of the seconds that are ahead of the clock: no producer's may be ahead for longer than this many of them. */
const LATER_MAX = 4000;

/** The buckets of the newest minute of each symbol and of every later one, all of them by symbol. */
function bucketsOf(newest: NewestBars, { interval, boundary }: LevelRange): Map<string, Set<Micros>> {
  const buckets = new Map<string, Set<Micros>>();
  for (const bar of newest.bars) {
    if (bar.interval !== "minute") continue;
    const starts = buckets.get(bar.symbol) ?? new Set();
    buckets.set(bar.symbol, starts.add(bucketStart(bar.bucketUs, interval, boundary)));
  }
  return buckets;
}

/** The newest that does not start after now, and all that do. */
function newestAndLater(starts: readonly Micros[], nowUs: Micros): Micros[] {
  const begun = starts.filter((us) => us <= nowUs);
  return begun.length === 0 ? [...starts] : starts.filter((us) => us >= Math.max(...begun));
}

/** Bars of a minute or more: those that hold the newest minutes. */
async function barsAroundMinutes(pages: BarPages, range: LevelRange, newest: NewestBars) {
  const { interval, boundary, withQuotes } = range;
  const found: [string, Bars][] = [];
  for (const [symbol, starts] of bucketsOf(newest, range)) {
    for (const fromUs of newestAndLater([...starts], newest.nowUs)) {
      const one = { symbol, interval, boundary, withQuotes, fromUs, toUs: fromUs + 1, limit: 1 };
      found.push([symbol, (await pages.first(one)).bars]);
    }
  }
  return found;
}

/** Bars one by one, with the quotes in them where those were read. */
export function barsOf(symbol: string, { quotes, ...columns }: BarArrays) {
  return columns.bucketUs.map((bucketUs, i) => {
    const at = (name: Exclude<keyof BarArrays, "quotes">) => columns[name][i] ?? 0;
    const prices = { open: at("open"), high: at("high"), low: at("low"), close: at("close") };
    const bar: Bar = { symbol, bucketUs, ...prices, tickCount: at("tickCount") };
    return quotes === undefined
      ? bar
      : { ...bar, quotes: eachQuoteColumn((name) => [quotes[name][i] ?? noQuote(name)]) };
  });
}

/** Bars shorter than a minute: the last one that has begun, and those that begin later. */
async function barsOfSeconds(pages: BarPages, range: LevelRange, nowUs: Micros) {
  const { symbols, ...kind } = range;
  const found: [string, Bars][] = [];
  const laterUs = bucketEnd(nowUs, range.interval, range.boundary);
  for (const symbol of symbols) {
    const begun = { ...kind, symbol, fromUs: FIRST_BUCKET_US, toUs: laterUs, limit: 1 };
    const later = { ...kind, symbol, fromUs: laterUs, toUs: nowUs + US_PER_DAY, limit: LATER_MAX };
    found.push([symbol, (await pages.last(begun)).bars], [symbol, (await pages.first(later)).bars]);
  }
  return found;
}

/** Whether they are found by the newest minutes; shorter ones are found by their ticks. */
export function isAroundMinutes(interval: Interval): boolean {
  return !isOfTicks(interval);
}

/**
 * The newest bar of each symbol that has begun, and every later one, with what a gateway folds more ticks into them by.
 *
 * @param newest of the same symbols where {@link isAroundMinutes}, read within the same snapshot as all the rest
 */
export async function readLevelAnchor(
  reader: Reader,
  pages: BarPages,
  range: LevelRange,
  newest: NewestBars,
): Promise<AnchorBar[]> {
  const { interval, boundary } = range;
  const { nowUs } = newest;
  const found = isAroundMinutes(interval)
    ? await barsAroundMinutes(pages, range, newest)
    : await barsOfSeconds(pages, range, nowUs);
  const rows = found.flatMap(([symbol, bars]) => barsOf(symbol, bars.arrays()));
  const ends = rows.map(({ bucketUs }) => bucketEnd(Math.max(nowUs, bucketUs), interval, boundary));
  return reader.readUnderOneSnapshot(async (transaction) => {
    const keys = await keysOf(transaction, rows, ends);
    const keyed = rows.map((row, i): AnchorBar => ({ ...row, ...outerKeys(row, keys[i], ends[i] ?? nowUs) }));
    return withQuoteKeys(transaction, keyed, ends);
  });
}

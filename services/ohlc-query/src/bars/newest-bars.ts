import type { Transaction } from "@fx-ohlc/database";
import {
  type Bar,
  bucketEnd,
  type DayBoundary,
  FIRST_BUCKET_US,
  type Micros,
  SHORT_NAMES,
  STORED_INTERVALS,
  type StoredInterval,
  US_PER_DAY,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { readIdentity, type StreamIdentity } from "../stream-identity.js";
import { relationOf } from "./bar-statement.js";
import { withQuoteKeys, withQuotes } from "./newest-quotes.js";
import { keysOf, type OuterKeys, outerKeys } from "./outer-keys.js";
import type { QuoteArrays } from "./quote-columns.js";

/** A newest bar with the places of the ticks that gave its open and its close. */
export interface NewestBar extends Bar, OuterKeys {
  readonly interval: StoredInterval;
  /** The quotes in it, of bars of an interval whose quotes were asked for. */
  readonly quotes?: QuoteArrays;
  /** The places of the first and the last of them; absent where there is none. */
  readonly quoteKeys?: OuterKeys;
}

/** The newest bars of some symbols at one instant of the database's clock. */
export interface NewestBars {
  readonly nowUs: Micros;
  /** The `pg_current_snapshot()` that all bars and keys were read under. */
  readonly snapshot: string;
  /** Of the database they were read from. */
  readonly identity: StreamIdentity;
  /**
   * For each symbol its newest minute, hour and day bar that does not start after `nowUs`, and every later one: a producer's
   * clock may be ahead, and whoever goes on from here would not know of its ticks.
   */
  readonly bars: readonly NewestBar[];
}

/** A newest bar of which nothing is known yet but what the relations of bars hold. */
export type BarWithInterval = Bar & { readonly interval: StoredInterval; readonly quotes?: QuoteArrays };

/** Within it a symbol that trades has a day, weekends and holidays included. */
const RECENT_US = 8 * US_PER_DAY;
/** Within it one has that was heard of lately. */
const LONG_US = 400 * US_PER_DAY;

/** The newest `count` bars of each symbol from its start in `since` up to now. */
function newestOf(
  transaction: Transaction,
  interval: StoredInterval,
  since: ReadonlyMap<string, Micros>,
  nowUs: Micros,
  count: number,
): PromiseLike<readonly Bar[]> {
  if (since.size === 0) return Promise.resolve([]);
  // The bound that all share is a constant to the planner, which leaves out what lies before it.
  const earliestUs = Math.min(nowUs, ...since.values());
  return transaction<Bar[]>`
    select bar.*
      from unnest(${[...since.keys()]}::text[], ${[...since.values()]}::timestamptz[]) as wanted(symbol, since)
     cross join lateral (select symbol, bucket as "bucketUs", open, high, low, close, tick_count as "tickCount"
                           from ${transaction(relationOf(interval))}
                          where symbol = wanted.symbol and bucket >= wanted.since
                            and bucket >= ${earliestUs} and bucket <= ${nowUs}
                          order by bucket desc
                          limit ${count}) as bar`;
}

/** The bars of ticks that are stamped after now. */
function laterOf(
  transaction: Transaction,
  interval: StoredInterval,
  symbols: readonly string[],
  nowUs: Micros,
): PromiseLike<readonly Bar[]> {
  return transaction<Bar[]>`
    select symbol, bucket as "bucketUs", open, high, low, close, tick_count as "tickCount"
      from ${transaction(relationOf(interval))}
     where symbol = any(${[...symbols]}::text[]) and bucket > ${nowUs}
     order by symbol, bucket`;
}

/** The start of each symbol's earliest bar among some. */
function earliestStarts(bars: readonly Bar[]): Map<string, Micros> {
  const starts = new Map<string, Micros>();
  for (const { symbol, bucketUs } of bars) starts.set(symbol, Math.min(bucketUs, starts.get(symbol) ?? bucketUs));
  return starts;
}

/** The newest bar of each symbol among some. */
function newestBySymbol(bars: readonly Bar[]): Bar[] {
  const newest = new Map<string, Bar>();
  for (const bar of bars)
    if (bar.bucketUs > (newest.get(bar.symbol)?.bucketUs ?? -Infinity)) newest.set(bar.symbol, bar);
  return [...newest.values()];
}

/**
 * The newest bar of each symbol at each level, from the two newest of its days since some instant. A level is looked for from the
 * second newest bar of the level above, where there is one: the newest one may hold nothing but ticks stamped after now, the
 * second newest is past.
 */
async function newestSince(
  transaction: Transaction,
  symbols: readonly string[],
  sinceUs: Micros,
  nowUs: Micros,
): Promise<BarWithInterval[]> {
  const since = new Map(symbols.map((symbol) => [symbol, sinceUs]));
  const days = await newestOf(transaction, "day", since, nowUs, 2);
  if (days.length === 0) return [];
  const hours = await newestOf(transaction, "hour", earliestStarts(days), nowUs, 2);
  const minutes = await newestOf(transaction, "minute", earliestStarts(hours), nowUs, 1);
  return [
    ...minutes.map((bar) => ({ ...bar, interval: "minute" as const })),
    ...newestBySymbol(hours).map((bar) => ({ ...bar, interval: "hour" as const })),
    ...newestBySymbol(days).map((bar) => ({ ...bar, interval: "day" as const })),
  ];
}

/**
 * The newest bar of each symbol at each level. A bounded read finds those that trade. Only for the others, of which it found no
 * minute, more is looked through, and the whole history, which is planned over every chunk of bars, at the last.
 */
async function newestAtEachLevel(transaction: Transaction, symbols: readonly string[], nowUs: Micros) {
  const found: BarWithInterval[] = [];
  let rest = symbols;
  for (const sinceUs of [nowUs - RECENT_US, nowUs - LONG_US, FIRST_BUCKET_US]) {
    if (rest.length === 0) break;
    const bars = await newestSince(transaction, rest, sinceUs, nowUs);
    const settled = new Set(bars.filter(({ interval }) => interval === "minute").map(({ symbol }) => symbol));
    const isLast = sinceUs === FIRST_BUCKET_US;
    found.push(...bars.filter(({ symbol }) => isLast || settled.has(symbol)));
    rest = rest.filter((symbol) => !settled.has(symbol));
  }
  return found;
}

/** Nearly always none: three probes beyond the newest bucket. */
async function laterAtEachLevel(transaction: Transaction, symbols: readonly string[], nowUs: Micros) {
  const later = STORED_INTERVALS.map(async (interval) => {
    const bars = await laterOf(transaction, interval, symbols, nowUs);
    return bars.map((bar) => ({ ...bar, interval }));
  });
  return (await Promise.all(later)).flat();
}

async function knownSymbols(transaction: Transaction): Promise<string[]> {
  const rows = await transaction<{ symbol: string }[]>`select symbol from symbols order by symbol`;
  return rows.map(({ symbol }) => symbol);
}

async function readUnderOneSnapshot(
  transaction: Transaction,
  symbols: readonly string[] | undefined,
  boundary: DayBoundary,
  quotesOf: readonly StoredInterval[],
): Promise<NewestBars> {
  const [[taken], identity] = await Promise.all([
    transaction<{ now: Micros; snapshot: string }[]>`
      select fx_clock() as now, pg_current_snapshot()::text as snapshot`,
    readIdentity(transaction),
  ]);
  const { now: nowUs, snapshot } = taken ?? { now: 0, snapshot: "" };
  const wanted = symbols ?? (await knownSymbols(transaction));
  const newest = await newestAtEachLevel(transaction, wanted, nowUs);
  const prices = [...newest, ...(await laterAtEachLevel(transaction, wanted, nowUs))];
  const rows = await withQuotes(transaction, quotesOf, prices);
  const ends = rows.map(({ interval, bucketUs }) =>
    bucketEnd(Math.max(nowUs, bucketUs), SHORT_NAMES[interval], boundary),
  );
  const keys = await keysOf(transaction, rows, ends);
  const bars = rows.map((row, i) => ({ ...row, ...outerKeys(row, keys[i], ends[i] ?? nowUs) }));
  return { nowUs, snapshot, identity, bars: await withQuoteKeys(transaction, bars, ends) };
}

/**
 * Reads the newest bars. A repeatable-read transaction has one snapshot for all its statements: what the bars hold is exactly
 * what `snapshot` sees, also of symbols that appear meanwhile.
 *
 * @param symbols those wanted; every known one when absent
 * @param quotesOf the intervals whose bars come with their quotes
 */
export function readNewestBars(
  reader: Reader,
  symbols: readonly string[] | undefined,
  quotesOf: readonly StoredInterval[] = [],
): Promise<NewestBars> {
  const boundary = reader.dayBoundary;
  return reader.readUnderOneSnapshot((transaction) => readUnderOneSnapshot(transaction, symbols, boundary, quotesOf));
}

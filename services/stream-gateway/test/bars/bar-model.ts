import {
  bucketStart,
  type CheckedCost,
  type DayBoundary,
  type LiveInterval,
  type Micros,
  parseInterval,
  STORED_INTERVALS,
} from "@fx-ohlc/schemas";
import type { ToldBar } from "../../src/bars/bar-event.js";
import type { FoldTick, KeyedBar } from "../../src/bars/folded-bar.js";
import type { Anchor } from "../../src/bars/live-bars.js";
import type { KeyedQuotes } from "../../src/bars/quotes.js";
import { parseSnapshot } from "../../src/bars/snapshot.js";

export const SYMBOL = "EURUSD";

/** Everything recomputed from scratch, in the plainest way: what live bars are compared with. */
export function barsOf(ticks: readonly FoldTick[], interval: LiveInterval, boundary: DayBoundary): KeyedBar[] {
  const buckets = new Map<Micros, FoldTick[]>();
  for (const tick of ticks) {
    const bucketUs = bucketStart(tick.timeUs, parseInterval(interval) ?? "1m", boundary);
    buckets.set(bucketUs, [...(buckets.get(bucketUs) ?? []), tick]);
  }
  return [...buckets].map(([bucketUs, inBucket]) => barOf(bucketUs, inBucket)).sort((a, b) => a.bucketUs - b.bucketUs);
}

export function barOf(bucketUs: Micros, unordered: readonly FoldTick[]): KeyedBar {
  const ticks = [...unordered].sort((a, b) => a.timeUs - b.timeUs || a.seq - b.seq);
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a bar has ticks");
  const prices = ticks.map((tick) => tick.price);
  const [high, low] = [Math.max(...prices), Math.min(...prices)];
  const shape = { open: first.price, high, low, close: last.price, tickCount: ticks.length };
  return { symbol: SYMBOL, bucketUs, ...shape, openKey: first, closeKey: last, quotes: quotesOf(ticks) };
}

/** Prices are whole numbers of this part of one, whose sums are exact. */
const UNIT_DIGITS = 5;
const UNITS = 10 ** UNIT_DIGITS;

function quotesOf(ticks: readonly FoldTick[]): KeyedQuotes | null {
  const quotes = ticks.flatMap((tick) => {
    const { bid, ask } = tick;
    if (bid === undefined || ask === undefined) return [];
    return [{ tick, bid, ask, spread: Math.round(ask * UNITS) - Math.round(bid * UNITS) }];
  });
  const [first, last] = [quotes[0], quotes.at(-1)];
  if (first === undefined || last === undefined) return null;
  const [bids, asks, spreads] = (["bid", "ask", "spread"] as const).map((name) => quotes.map((quote) => quote[name]));
  const most = (values: readonly number[] = []) => Math.max(...values);
  const least = (values: readonly number[] = []) => Math.min(...values);
  return {
    ...{ bid_open: first.bid, bid_high: most(bids), bid_low: least(bids), bid_close: last.bid },
    ...{ ask_open: first.ask, ask_high: most(asks), ask_low: least(asks), ask_close: last.ask },
    ...{ spread_min: least(spreads) / UNITS, spread_max: most(spreads) / UNITS, quote_count: quotes.length },
    spreadSum: { high: 0, low: spreads?.reduce((sum, spread) => sum + spread, 0) ?? 0, scale: UNIT_DIGITS },
    openKey: first.tick,
    closeKey: last.tick,
  };
}

/** What ticks are corrected to, of either kind. */
export interface Costs {
  readonly price: CheckedCost;
  readonly quote: CheckedCost;
}

/** A transaction that has taken its id and not ended. */
export interface Transaction {
  readonly xid: bigint;
  readonly ticks: readonly FoldTick[];
}

/** PostgreSQL as far as visibility goes: ids are taken in order, commits happen in any order, a snapshot tells which happened. */
export class ModelDatabase {
  #nextXid = 700n;
  readonly #running = new Set<bigint>();
  #ticks: FoldTick[] = [];
  readonly #takenKeys = new Set<string>();

  constructor(
    readonly boundary: DayBoundary,
    private readonly intervals: readonly LiveInterval[] = STORED_INTERVALS,
  ) {}

  get ticks(): readonly FoldTick[] {
    return this.#ticks;
  }

  /** Starts a transaction with those of the ticks whose places are free. */
  begin(wanted: readonly FoldTick[]): Transaction {
    const ticks = wanted.filter(({ timeUs, seq }) => {
      const key = `${timeUs}/${seq}`;
      return !this.#takenKeys.has(key) && this.#takenKeys.add(key) !== undefined;
    });
    const xid = this.#nextXid;
    this.#nextXid += 1n;
    this.#running.add(xid);
    return { xid, ticks };
  }

  commit({ xid, ticks }: Transaction): void {
    this.#running.delete(xid);
    this.#ticks.push(...ticks);
  }

  /** Deletes or reprices the ticks in [fromUs, toUs), at once: prices with a price, quotes with both sides. */
  correct(fromUs: Micros, toUs: Micros, costs: Costs | undefined): void {
    this.#nextXid += 1n;
    this.#ticks = this.#ticks.flatMap((tick) => {
      if (tick.timeUs < fromUs || tick.timeUs >= toUs) return [tick];
      return costs === undefined ? [] : [{ ...tick, ...(tick.bid === undefined ? costs.price : costs.quote) }];
    });
  }

  anchor(nowUs: Micros): Anchor {
    const running = [...this.#running].sort((a, b) => Number(a - b));
    const snapshot = parseSnapshot(`${running[0] ?? this.#nextXid}:${this.#nextXid}:${running.join(",")}`);
    const bars = Object.fromEntries(this.intervals.map((interval) => [interval, this.#newestBars(interval, nowUs)]));
    return { snapshot, nowUs, boundary: this.boundary, bars };
  }

  bars(interval: LiveInterval): KeyedBar[] {
    return barsOf(this.#ticks, interval, this.boundary);
  }

  #newestBars(interval: LiveInterval, nowUs: Micros): KeyedBar[] {
    const bars = this.bars(interval);
    const newest = bars.findLastIndex((bar) => bar.bucketUs <= nowUs);
    return bars.slice(Math.max(0, newest));
  }
}

/** A bar without what only folding needs. */
export function plainBar({ openKey: _openKey, closeKey: _closeKey, quotes, ...bar }: KeyedBar): ToldBar {
  if (quotes === undefined || quotes === null) return { ...bar, quotes: null };
  const { spreadSum, openKey: _first, closeKey: _last, ...told } = quotes;
  // A quotient of whole numbers is rounded once.
  return { ...bar, quotes: { ...told, spread_avg: spreadSum.low / (UNITS * told.quote_count) } };
}

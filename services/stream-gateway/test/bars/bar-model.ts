import {
  type Bar,
  bucketStart,
  type DayBoundary,
  type Micros,
  parseInterval,
  type StoredInterval,
} from "@fx-ohlc/schemas";
import type { FoldTick, KeyedBar } from "../../src/bars/folded-bar.js";
import type { Anchor } from "../../src/bars/live-bars.js";
import { parseSnapshot } from "../../src/bars/snapshot.js";

export const SYMBOL = "EURUSD";

/** Everything recomputed from scratch, in the plainest way: what live bars are compared with. */
export function barsOf(ticks: readonly FoldTick[], interval: StoredInterval, boundary: DayBoundary): KeyedBar[] {
  const buckets = new Map<Micros, FoldTick[]>();
  for (const tick of ticks) {
    const bucketUs = bucketStart(tick.timeUs, parseInterval(interval) ?? "1m", boundary);
    buckets.set(bucketUs, [...(buckets.get(bucketUs) ?? []), tick]);
  }
  return [...buckets].map(([bucketUs, inBucket]) => barOf(bucketUs, inBucket)).sort((a, b) => a.bucketUs - b.bucketUs);
}

function barOf(bucketUs: Micros, unordered: readonly FoldTick[]): KeyedBar {
  const ticks = [...unordered].sort((a, b) => a.timeUs - b.timeUs || a.seq - b.seq);
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a bar has ticks");
  const prices = ticks.map((tick) => tick.price);
  const [high, low] = [Math.max(...prices), Math.min(...prices)];
  const shape = { open: first.price, high, low, close: last.price, tickCount: ticks.length };
  return { symbol: SYMBOL, bucketUs, ...shape, openKey: first, closeKey: last };
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

  constructor(readonly boundary: DayBoundary) {}

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

  /** Deletes or reprices the ticks in [fromUs, toUs), at once. */
  correct(fromUs: Micros, toUs: Micros, price: number | undefined): void {
    this.#nextXid += 1n;
    this.#ticks = this.#ticks.flatMap((tick) => {
      if (tick.timeUs < fromUs || tick.timeUs >= toUs) return [tick];
      return price === undefined ? [] : [{ ...tick, price }];
    });
  }

  anchor(nowUs: Micros): Anchor {
    const running = [...this.#running].sort((a, b) => Number(a - b));
    const snapshot = parseSnapshot(`${running[0] ?? this.#nextXid}:${this.#nextXid}:${running.join(",")}`);
    const bars = {
      minute: this.#newestBars("minute", nowUs),
      hour: this.#newestBars("hour", nowUs),
      day: this.#newestBars("day", nowUs),
    };
    return { snapshot, nowUs, boundary: this.boundary, bars };
  }

  bars(interval: StoredInterval): KeyedBar[] {
    return barsOf(this.#ticks, interval, this.boundary);
  }

  #newestBars(interval: StoredInterval, nowUs: Micros): KeyedBar[] {
    const bars = this.bars(interval);
    const newest = bars.findLastIndex((bar) => bar.bucketUs <= nowUs);
    return bars.slice(Math.max(0, newest));
  }
}

/** A bar without the keys that only folding needs. */
export function plainBar({ symbol, bucketUs, open, high, low, close, tickCount }: Bar): Bar {
  return { symbol, bucketUs, open, high, low, close, tickCount };
}

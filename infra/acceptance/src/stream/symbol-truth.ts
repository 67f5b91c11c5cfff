import type { Entry, StreamOrder } from "./stream-order.js";

/** A tick that the database holds at the end. */
export interface CommittedTick {
  readonly timeUs: number;
  /** When its producer first sent it, by this process's clock: it was not committed before. */
  readonly sentMs: number;
}

/** What really happened to one symbol: the measure of every client's account. */
export class SymbolTruth {
  readonly entries: readonly Entry[];
  /** Committed ticks that nobody saw in any message. */
  readonly unplaced: readonly number[];
  readonly #indexes = new Map<number, number[]>();
  /** Of each index, when the latest of the ticks before it was sent. */
  readonly #sentBeforeMs: number[] = [];

  /** @param committed by number */
  constructor(
    readonly order: StreamOrder,
    readonly committed: ReadonlyMap<number, CommittedTick>,
  ) {
    this.entries = order.entries();
    let latestMs = Number.NEGATIVE_INFINITY;
    for (const [index, { tick }] of this.entries.entries()) {
      this.#sentBeforeMs.push(latestMs);
      latestMs = Math.max(latestMs, committed.get(tick)?.sentMs ?? 0);
      const indexes = this.#indexes.get(tick);
      if (indexes === undefined) this.#indexes.set(tick, [index]);
      else indexes.push(index);
    }
    this.#sentBeforeMs.push(latestMs);
    this.unplaced = [...committed.keys()].filter((tick) => !this.#indexes.has(tick));
  }

  /** The first place of a tick in the stream that is not before `from`. */
  indexOf(tick: number, from: number): number | undefined {
    return this.#indexes.get(tick)?.find((index) => index >= from);
  }

  isPlaced(tick: number): boolean {
    return this.#indexes.has(tick);
  }

  /** The index of the first tick after a message's place. */
  indexAfter(place: number): number {
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.entries[middle]?.place ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** When the latest of the ticks before an index was sent. */
  sentBeforeMs(index: number): number {
    return this.#sentBeforeMs[index] ?? Number.POSITIVE_INFINITY;
  }
}

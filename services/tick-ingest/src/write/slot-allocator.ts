import {
  type CheckedCost,
  isSameCost,
  type Micros,
  type NewTick,
  TICKS_PER_STAMP_MAX,
  type Tick,
} from "@fx-ohlc/schemas";
import { entryOf } from "@fx-ohlc/service-kit";

/**
 * Which slot of its stamp each tick takes (a stamp is one symbol at one time; a slot is one `seq` of it). Of a streamed body each
 * run of adjacent lines of one stamp is a request in what follows.
 *
 * Ticks without `seq` that share a stamp within one request are numbered 0, 1, 2 … in their order of appearance, and each
 * looks from its number upwards:
 * - a free slot: the tick is created there;
 * - a slot with its price, or its bid and ask, from an earlier request that no tick of this request has claimed: a duplicate, a
 *   replay;
 * - any other taken slot: look at the next one.
 * So the k-th copy of one price meets the k-th stored copy, and a request sent again finds the very slots it made. A tick
 * with `seq` looks at that slot only: another price or quote there is a conflict. Such ticks claim their slots before the others
 * do. A price and a quote are never the same.
 *
 * A tick that was stamped here, for it came without a time, is no replay of anything: whoever sends it again gets another
 * stamp. A slot with its price is taken like any other, whichever process gave the same stamp, or this one before its clock went back.
 */
interface Slot extends CheckedCost {
  /** The last request whose tick claimed this slot. */
  claimedBy: number;
}

/** The beginning of a run that is stored already: the rest of it is numbered on from there, as if it had come with it. */
export interface EarlierRun {
  readonly run: number;
  readonly symbol: string;
  readonly timeUs: Micros;
  /** The slots its ticks took. */
  readonly seqs: ReadonlySet<number>;
  /** How many of them came without `seq`. */
  readonly numbered: number;
}

/** Where one tick of a request went. */
export interface Placement {
  readonly seq: number;
  /** False for a replay of a stored tick. */
  readonly created: boolean;
}

/**
 * A tick that cannot be stored: its slot holds another price, its stamp is full, ticks of its time are not kept any more, or its
 * symbol is new and there are as many as there may be, or only an operator adds them.
 */
export interface Refusal {
  /** Index within its request. */
  readonly index: number;
  readonly reason: "conflict" | "stamp_full" | "older_than_retention" | SymbolRefusal;
}

/** Why a new symbol is not taken. */
export type SymbolRefusal = "too_many_symbols" | "unregistered_symbol";

/** Either every tick of a request has a place, or none of them. */
export type Placed =
  | { readonly ok: true; readonly placements: readonly Placement[] }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

type Stamp = Map<number, Slot>;

type Settle = (index: number, tick: NewTick, seq: number | undefined, reason: Refusal["reason"]) => void;

export class SlotAllocator {
  private readonly stamps = new Map<string, Map<Micros, Stamp>>();
  private request = 0;

  /** Notes ticks that earlier transactions stored. */
  load(stored: Iterable<Tick>): void {
    for (const { symbol, timeUs, seq, price, bid, ask } of stored)
      this.stamp(symbol, timeUs).set(seq, { price, bid, ask, claimedBy: 0 });
  }

  /**
   * Places all ticks of a request, or of a chunk of a streamed body, or none of them. What it places counts as stored for those
   * after it.
   *
   * @param earlier the run that a chunk goes on with
   */
  place(ticks: readonly NewTick[], earlier?: EarlierRun): Placed {
    const seqs = new Array<number | undefined>(ticks.length);
    const created: number[] = [];
    const refusals: Refusal[] = [];
    const settle = (index: number, tick: NewTick, seq: number | undefined, reason: Refusal["reason"]) => {
      seqs[index] = seq;
      if (seq === undefined) refusals.push({ index, reason });
      else if (this.claim(tick, seq)) created.push(index);
    };
    for (let from = 0; from < ticks.length; ) {
      const to = endOfRun(ticks, from);
      this.placeRun(ticks, from, to, settle, earlier?.run === ticks[from]?.run ? earlier : undefined);
      from = to;
    }
    if (refusals.length > 0) {
      for (const index of created) this.release(ticks[index], seqs[index]);
      return { ok: false, refusals: refusals.sort((a, b) => a.index - b.index) };
    }
    const isCreated = new Set(created);
    return { ok: true, placements: seqs.map((seq = 0, index) => ({ seq, created: isCreated.has(index) })) };
  }

  private placeRun(
    ticks: readonly NewTick[],
    from: number,
    to: number,
    settle: Settle,
    earlier: EarlierRun | undefined,
  ): void {
    this.request += 1;
    const numbers = this.goOn(earlier);
    for (let index = from; index < to; index += 1) {
      const tick = ticks[index];
      if (tick?.seq !== undefined) settle(index, tick, this.ownSlot(tick, tick.seq), "conflict");
    }
    for (let index = from; index < to; index += 1) {
      const tick = ticks[index];
      if (tick === undefined || tick.seq !== undefined) continue;
      const stamp = this.stamp(tick.symbol, tick.timeUs);
      const number = numbers.get(stamp) ?? 0;
      numbers.set(stamp, number + 1);
      settle(index, tick, this.freeOrReplayed(stamp, tick, number), "stamp_full");
    }
  }

  /** The slots of a run's beginning are claimed; where nobody has looked what is stored there, by a price that no tick has. */
  private goOn(earlier: EarlierRun | undefined): Map<Stamp, number> {
    if (earlier === undefined) return new Map();
    const stamp = this.stamp(earlier.symbol, earlier.timeUs);
    for (const seq of earlier.seqs) {
      stamp.set(seq, { ...(stamp.get(seq) ?? { price: Number.NaN }), claimedBy: this.request });
    }
    return new Map([[stamp, earlier.numbered]]);
  }

  private ownSlot(tick: NewTick, seq: number): number | undefined {
    const slot = this.stamp(tick.symbol, tick.timeUs).get(seq);
    if (slot === undefined) return seq;
    return isSameCost(slot, tick) && (!tick.isStamped || slot.claimedBy === this.request) ? seq : undefined;
  }

  private freeOrReplayed(stamp: Stamp, tick: NewTick, number: number): number | undefined {
    for (let seq = number; seq < TICKS_PER_STAMP_MAX; seq += 1) {
      const slot = stamp.get(seq);
      if (slot === undefined) return seq;
      if (!tick.isStamped && isSameCost(slot, tick) && slot.claimedBy !== this.request) return seq;
    }
    return undefined;
  }

  /** @returns whether the slot was free */
  private claim({ symbol, timeUs, price, bid, ask }: NewTick, seq: number): boolean {
    const stamp = this.stamp(symbol, timeUs);
    const slot = stamp.get(seq);
    if (slot === undefined) stamp.set(seq, { price, bid, ask, claimedBy: this.request });
    else slot.claimedBy = this.request;
    return slot === undefined;
  }

  private release(tick: NewTick | undefined, seq: number | undefined): void {
    if (tick !== undefined && seq !== undefined) this.stamp(tick.symbol, tick.timeUs).delete(seq);
  }

  private stamp(symbol: string, timeUs: Micros): Stamp {
    return entryOf(entryOf(this.stamps, symbol, newMap<Micros, Stamp>), timeUs, newMap<number, Slot>);
  }
}

function endOfRun(ticks: readonly NewTick[], from: number): number {
  const run = ticks[from]?.run;
  let to = from + 1;
  while (to < ticks.length && ticks[to]?.run === run) to += 1;
  return to;
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

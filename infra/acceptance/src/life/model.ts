import type { DayBoundary } from "@fx-ohlc/schemas";
import { type BucketOf, bucketsOf, type Level } from "./buckets.js";

/** A tick as the model keeps it. */
export interface ModelTick {
  readonly symbol: string;
  readonly timeUs: number;
  readonly seq: number;
  readonly price: number;
}

/** A tick as a producer sends it. */
export interface SentTick {
  readonly symbol: string;
  readonly timeUs: number;
  readonly price: number;
  readonly seq?: number | undefined;
}

export interface ModelBar {
  readonly symbol: string;
  readonly bucketUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tick_count: number;
}

/** What became of a request: stored with so many new ticks, or refused whole because a slot holds another price. */
export type Placed =
  | { readonly ok: true; readonly created: readonly ModelTick[]; readonly duplicates: number }
  | { readonly ok: false };

/** Slots that one symbol has at one instant. */
const SLOTS_MAX = 1024;

/**
 * What the system should hold: every tick that was ever accepted, dropped ones included. Bars are made of all of them, and since
 * nothing that was dropped can be changed any more, the bars of dropped ticks stay what they were. Which of the ticks can still
 * be read is the database's to say, within bounds that `MarkWatch` knows.
 */
export class Model {
  readonly #stamps = new Map<string, Map<number, number>>();
  readonly #buckets: Readonly<Record<Level, BucketOf>>;
  /** What is asked for at each of many looks, until something changes. */
  #known: { readonly ticks: readonly ModelTick[]; readonly bars: Map<Level, readonly ModelBar[]> } | undefined;

  constructor(readonly boundary: DayBoundary) {
    this.#buckets = bucketsOf(boundary);
  }

  /** All ticks of a symbol, or of all of them, by (symbol, time, seq). */
  ticks(symbol?: string): readonly ModelTick[] {
    const { ticks } = this.#all();
    return symbol === undefined ? ticks : ticks.filter((tick) => tick.symbol === symbol);
  }

  /** One request, all or nothing. */
  post(ticks: readonly SentTick[]): Placed {
    const claimed = new Map<string, number>();
    for (const [index, tick] of ticks.entries()) {
      if (tick.seq === undefined) continue;
      const stored = this.#slots(tick).get(tick.seq);
      if (stored !== undefined && stored !== tick.price) return { ok: false };
      claimed.set(slotName(tick, tick.seq), index);
    }
    const seqs = ticks.map((tick, index) => tick.seq ?? this.#freeOrReplayed(ticks, index, claimed));
    const created: ModelTick[] = [];
    for (const [index, { symbol, timeUs, price }] of ticks.entries()) {
      const seq = seqs[index] ?? 0;
      if (this.#set({ symbol, timeUs, seq, price })) created.push({ symbol, timeUs, seq, price });
    }
    return { ok: true, created, duplicates: ticks.length - created.length };
  }

  priceAt(symbol: string, timeUs: number, seq: number): number | undefined {
    return this.#stamps.get(stampName(symbol, timeUs))?.get(seq);
  }

  /** @returns whether there was such a tick */
  put({ symbol, timeUs, seq, price }: ModelTick): boolean {
    const slots = this.#stamps.get(stampName(symbol, timeUs));
    if (!slots?.has(seq)) return false;
    slots.set(seq, price);
    this.#known = undefined;
    return true;
  }

  /** @returns how many ticks of [fromUs, toUs) there were */
  delete(symbol: string, fromUs: number, toUs: number): number {
    const gone = this.ticks(symbol).filter(({ timeUs }) => timeUs >= fromUs && timeUs < toUs);
    for (const { timeUs } of gone) this.#stamps.delete(stampName(symbol, timeUs));
    this.#known = undefined;
    return gone.length;
  }

  /** The bars of a level by (symbol, bucket). */
  bars(level: Level): readonly ModelBar[] {
    const { ticks, bars } = this.#all();
    const known = bars.get(level) ?? this.barsOf(ticks, this.#buckets[level]);
    bars.set(level, known);
    return known;
  }

  /** What open, high, low and close of ticks in the order of (symbol, time, seq) are. */
  barsOf(ticks: readonly ModelTick[], bucketOf: BucketOf): ModelBar[] {
    const bars = new Map<string, ModelBar>();
    for (const { symbol, timeUs, price } of ticks) {
      const bucketUs = bucketOf(timeUs);
      const name = `${symbol} ${bucketUs}`;
      const { open = price, high = price, low = price, tick_count = 0 } = bars.get(name) ?? {};
      bars.set(name, {
        ...{ symbol, bucketUs, open, close: price, tick_count: tick_count + 1 },
        ...{ high: Math.max(high, price), low: Math.min(low, price) },
      });
    }
    return [...bars.values()];
  }

  bucketOf(level: Level, us: number): number {
    return this.#buckets[level](us);
  }

  /** The same ticks once more: what a backup holds. */
  copy(): Model {
    const copy = new Model(this.boundary);
    for (const [name, slots] of this.#stamps) copy.#stamps.set(name, new Map(slots));
    return copy;
  }

  /** The k-th tick of a stamp in a request looks from slot k upwards: for a free one, or its own price from an earlier request. */
  #freeOrReplayed(ticks: readonly SentTick[], index: number, claimed: Map<string, number>): number {
    const tick = ticks[index] ?? { symbol: "", timeUs: 0, price: 0 };
    const slots = this.#slots(tick);
    const isSameStamp = (other: SentTick) =>
      other.seq === undefined && other.symbol === tick.symbol && other.timeUs === tick.timeUs;
    for (let seq = ticks.slice(0, index).filter(isSameStamp).length; seq < SLOTS_MAX; seq += 1) {
      const name = slotName(tick, seq);
      const stored = slots.get(seq);
      if (claimed.has(name) || (stored !== undefined && stored !== tick.price)) continue;
      claimed.set(name, index);
      return seq;
    }
    throw new RangeError("a stamp is full: such requests are not made here");
  }

  #all() {
    if (this.#known !== undefined) return this.#known;
    const ticks = [...this.#stamps].flatMap(([name, slots]) => {
      const [symbol = "", time] = name.split(" ");
      return [...slots].map(([seq, price]) => ({ symbol, timeUs: Number(time), seq, price }));
    });
    this.#known = { ticks: ticks.sort(bySymbolTimeSeq), bars: new Map<Level, readonly ModelBar[]>() };
    return this.#known;
  }

  #slots({ symbol, timeUs }: { readonly symbol: string; readonly timeUs: number }): ReadonlyMap<number, number> {
    return this.#stamps.get(stampName(symbol, timeUs)) ?? new Map<number, number>();
  }

  /** @returns whether the slot was free */
  #set({ symbol, timeUs, seq, price }: ModelTick): boolean {
    const name = stampName(symbol, timeUs);
    const slots = this.#stamps.get(name) ?? new Map<number, number>();
    this.#stamps.set(name, slots);
    if (slots.has(seq)) return false;
    slots.set(seq, price);
    this.#known = undefined;
    return true;
  }
}

function stampName(symbol: string, timeUs: number): string {
  return `${symbol} ${timeUs}`;
}

function slotName({ symbol, timeUs }: { readonly symbol: string; readonly timeUs: number }, seq: number): string {
  return `${symbol} ${timeUs} ${seq}`;
}

function bySymbolTimeSeq(a: ModelTick, b: ModelTick): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.timeUs - b.timeUs || a.seq - b.seq;
}

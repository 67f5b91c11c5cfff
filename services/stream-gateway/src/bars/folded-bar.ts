import type { Bar, CheckedCost, FamilyName, Micros, TickKey } from "@fx-ohlc/schemas";
import type { ToldBar } from "./bar-event.js";
import { FoldedQuotes, isBefore, type KeyedQuotes } from "./quotes.js";

/** A tick of a known symbol. */
export type FoldTick = TickKey & CheckedCost;

/** A bar and the keys of the ticks that gave its open and its close. */
export interface KeyedBar extends Bar {
  readonly openKey: TickKey;
  readonly closeKey: TickKey;
  /** Null where it has none; absent where nobody follows quotes. */
  readonly quotes?: KeyedQuotes | null;
}

/**
 * A bar that ticks are folded into, one by one, in any order: the keys of its open and close tell whether a tick comes before
 * or after all others. Each tick must be folded once; the bar cannot tell a second time.
 */
export class FoldedBar {
  /** Whether clients have yet to be told of the bar as it is now. */
  changed = true;
  /** Whether clients have been told of the bar at all. */
  told = false;
  /** Whether clients were told that it is final, by a clock that was ahead. */
  toldFinal = false;
  /** Whether the bucket's end had passed when the clock was last looked at. */
  complete = false;
  #bar: { -readonly [K in keyof Omit<KeyedBar, "quotes">]: KeyedBar[K] };
  /** Undefined where nobody follows quotes. */
  readonly #quotes: FoldedQuotes | undefined;

  /** @param endUs the bucket's exclusive end */
  constructor(
    { quotes, ...bar }: KeyedBar,
    readonly endUs: Micros,
  ) {
    this.#bar = bar;
    this.#quotes = quotes === undefined ? undefined : new FoldedQuotes(quotes);
  }

  /** The bar of one tick. */
  static of(symbol: string, bucketUs: Micros, endUs: Micros, tick: FoldTick, family: FamilyName): FoldedBar {
    const { price } = tick;
    const prices = { open: price, high: price, low: price, close: price };
    const quotes = family === "quote" ? { quotes: null } : {};
    const bar = { symbol, bucketUs, ...prices, tickCount: 1, openKey: tick, closeKey: tick, ...quotes };
    const folded = new FoldedBar(bar, endUs);
    folded.#quotes?.add(tick);
    return folded;
  }

  get bucketUs(): Micros {
    return this.#bar.bucketUs;
  }

  holds(timeUs: Micros): boolean {
    return timeUs >= this.#bar.bucketUs && timeUs < this.endUs;
  }

  /** Folds in a tick of this bucket. */
  add(tick: FoldTick): void {
    const bar = this.#bar;
    if (tick.price > bar.high) bar.high = tick.price;
    if (tick.price < bar.low) bar.low = tick.price;
    if (isBefore(tick, bar.openKey)) {
      bar.open = tick.price;
      bar.openKey = tick;
    }
    if (isBefore(bar.closeKey, tick)) {
      bar.close = tick.price;
      bar.closeKey = tick;
    }
    bar.tickCount += 1;
    this.#quotes?.add(tick);
    this.changed = true;
  }

  /** The same, to be folded on by itself. */
  copy(): FoldedBar {
    const quotes = this.#quotes === undefined ? {} : { quotes: this.#quotes.toKeyed() };
    return new FoldedBar({ ...this.#bar, ...quotes }, this.endUs);
  }

  /** The bar as it is now. */
  toBar(): ToldBar {
    const { symbol, bucketUs, open, high, low, close, tickCount } = this.#bar;
    const bar = { symbol, bucketUs, open, high, low, close, tickCount };
    return this.#quotes === undefined ? bar : { ...bar, quotes: this.#quotes.toTold() };
  }
}

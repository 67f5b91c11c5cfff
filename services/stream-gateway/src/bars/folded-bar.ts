import type { Bar, Micros, TickKey } from "@fx-ohlc/schemas";

/** A tick of a known symbol. */
export interface FoldTick extends TickKey {
  readonly price: number;
}

/** A bar and the keys of the ticks that gave its open and its close. */
export interface KeyedBar extends Bar {
  readonly openKey: TickKey;
  readonly closeKey: TickKey;
}

function isBefore(a: TickKey, b: TickKey): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.seq < b.seq);
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
  #bar: { -readonly [K in keyof KeyedBar]: KeyedBar[K] };

  /** @param endUs the bucket's exclusive end */
  constructor(
    bar: KeyedBar,
    readonly endUs: Micros,
  ) {
    this.#bar = { ...bar };
  }

  /** The bar of one tick. */
  static of(symbol: string, bucketUs: Micros, endUs: Micros, tick: FoldTick): FoldedBar {
    const { price } = tick;
    const prices = { open: price, high: price, low: price, close: price };
    return new FoldedBar({ symbol, bucketUs, ...prices, tickCount: 1, openKey: tick, closeKey: tick }, endUs);
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
    this.changed = true;
  }

  /** The bar as it is now. */
  toBar(): Bar {
    const { symbol, bucketUs, open, high, low, close, tickCount } = this.#bar;
    return { symbol, bucketUs, open, high, low, close, tickCount };
  }
}

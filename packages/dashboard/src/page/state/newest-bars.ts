import type { LiveBar, StoredInterval } from "@fx-ohlc/client";

export type LatestBars = Readonly<Partial<Record<StoredInterval, LiveBar>>>;

const NONE: LatestBars = {};

/** The newest minute, hour and day of every symbol: those of one that is chosen are at hand then. */
export class NewestBars {
  readonly #bars = new Map<string, LatestBars>();

  /** Takes in a bar, unless it is older than the one that is known; a bar without ticks is none. */
  note(bar: LiveBar, interval: StoredInterval): void {
    const known = this.of(bar.symbol);
    const before = known[interval];
    if (bar.tick_count === 0 || (before !== undefined && before.bucket > bar.bucket)) return;
    this.#bars.set(bar.symbol, { ...known, [interval]: bar });
  }

  /** Days begin elsewhere from now on. */
  forgetDays(): void {
    for (const [symbol, { day: _, ...others }] of this.#bars) this.#bars.set(symbol, others);
  }

  of(symbol: string | undefined): LatestBars {
    return (symbol === undefined ? undefined : this.#bars.get(symbol)) ?? NONE;
  }
}

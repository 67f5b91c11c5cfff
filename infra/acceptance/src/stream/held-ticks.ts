import { rangeOf, type WireTick } from "./record.js";

/** What a client of ticks with corrections was told, or has to read. */
export type TickNews =
  | { readonly kind: "ticks"; readonly ticks: readonly WireTick[] }
  | { readonly kind: "corrected"; readonly from: string; readonly to: string; readonly ticks: readonly WireTick[] }
  | { readonly kind: "unknown"; readonly from: string; readonly to: string };

/** From before every tick to after it. */
export const ALWAYS = { from: "1970-01-01T00:00:00.000000Z", to: "2200-01-01T00:00:00.000000Z" };

/** Reads a range of a symbol over HTTP. */
export type ReadTicks = (range: { readonly from: string; readonly to: string }) => Promise<readonly WireTick[]>;

/**
 * What a client of one symbol holds: it puts ticks where they belong and corrections in their place, one message after the other, and
 * reads over HTTP what it is told that it was not told, before it looks at any later message.
 */
export class HeldTicks {
  readonly #ticks = new Map<string, WireTick>();
  #working: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Corrections that were told with their ticks. */
  corrections = 0;
  failure: unknown;

  constructor(private readonly read: ReadTicks) {}

  /** Whether everything it was told is in it. */
  get isSettled(): boolean {
    return this.#waiting === 0;
  }

  /** Everything it holds, in order. */
  ticks(): string[] {
    return [...this.#ticks.values()].map(textOf).sort();
  }

  take(news: TickNews): void {
    this.#waiting += 1;
    this.#working = this.#working
      .then(() => this.#apply(news))
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  async #apply(news: TickNews): Promise<void> {
    if (news.kind === "corrected") this.corrections += 1;
    if (news.kind !== "ticks") this.#forget(news);
    const ticks = news.kind === "unknown" ? await this.read(news) : news.ticks;
    for (const tick of ticks) this.#ticks.set(`${tick.time} ${tick.seq}`, tick);
  }

  #forget(range: { readonly from: string; readonly to: string }): void {
    // Refuses what is no time.
    rangeOf(range);
    for (const [key, { time }] of this.#ticks) if (range.from <= time && time < range.to) this.#ticks.delete(key);
  }
}

/** A tick as one text, by which two of them are compared. */
export function textOf({ time, seq, price, bid, ask }: WireTick): string {
  return [time, String(seq).padStart(4, "0"), price, bid, ask].join(" ");
}

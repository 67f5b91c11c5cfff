import type { FamilyName, Micros, TickKey } from "@fx-ohlc/schemas";
import type { ToldBar } from "./bar-event.js";
import { FoldedBar, type FoldTick } from "./folded-bar.js";

/** A bar of ticks, which come in order. One whose first ticks are not known only counts. */
export class CountedBar {
  /** It was told for the last time. */
  isFinished = false;

  /** @param dayEndUs where its FX day ends, which is its end at the latest */
  constructor(
    private readonly folded: FoldedBar | undefined,
    readonly start: TickKey,
    public count: number,
    readonly dayEndUs: Micros,
  ) {}

  /** The bar of one tick. */
  static of(symbol: string, tick: FoldTick, dayEndUs: Micros, family: FamilyName): CountedBar {
    const start = { timeUs: tick.timeUs, seq: tick.seq };
    return new CountedBar(FoldedBar.of(symbol, tick.timeUs, dayEndUs, tick, family), start, 1, dayEndUs);
  }

  /** Tells it from others of its symbol. */
  get key(): string {
    return keyText(this.start);
  }

  add(tick: FoldTick): void {
    this.folded?.add(tick);
    this.count += 1;
  }

  copy(): CountedBar {
    return new CountedBar(this.folded?.copy(), this.start, this.count, this.dayEndUs);
  }

  /** @returns undefined where its first ticks are not known */
  toBar(): ToldBar | undefined {
    return this.folded && { ...this.folded.toBar(), seq: this.start.seq };
  }
}

export function keyText({ timeUs, seq }: TickKey): string {
  return `${timeUs}/${seq}`;
}

import { parseTime, type TicksMessage } from "@fx-ohlc/schemas";
import type { FoldTick } from "./folded-bar.js";
import { LiveBars, type TickBatch } from "./live-bars.js";

/** One symbol's live bars, and who needs them. */
export class WatchedBars {
  readonly live: LiveBars;
  /** Channels of this symbol alone that clients follow. */
  watchers = 0;
  /** A second folding from an anchor of its own, while the first one is checked against it. */
  shadow: LiveBars | undefined;
  /** Its closed bars are being read. */
  isReading = false;
  /** The oldest time that messages told of. */
  #oldestUs = Number.POSITIVE_INFINITY;

  constructor(
    readonly symbol: string,
    private readonly graceUs: number,
  ) {
    this.live = new LiveBars(symbol, graceUs);
  }

  newShadow(): LiveBars {
    this.shadow = new LiveBars(this.symbol, this.graceUs);
    return this.shadow;
  }

  add(batch: TickBatch): void {
    this.#oldestUs = Math.min(this.#oldestUs, batch.ticks[0]?.timeUs ?? Number.POSITIVE_INFINITY);
    this.live.add(batch);
    this.shadow?.add(batch);
  }

  /** A shadow that would have to be anchored again proves nothing. */
  revise(fromUs: number, toUs: number): void {
    this.#oldestUs = Math.min(this.#oldestUs, fromUs);
    this.live.revise(fromUs, toUs);
    this.shadow = undefined;
  }

  doubt(): void {
    this.live.doubt();
    this.shadow = undefined;
  }

  /** What was told may not have happened, however old it is. */
  restart(nowUs: number): void {
    this.doubt();
    if (this.#oldestUs < nowUs) this.live.revise(this.#oldestUs, nowUs);
    this.#oldestUs = Number.POSITIVE_INFINITY;
  }
}

/** A message in the terms of folding. */
export function batchOf({ xid, ticks }: TicksMessage): TickBatch {
  return {
    xid: BigInt(xid),
    ticks: ticks.map(({ time, seq, price }): FoldTick => ({ timeUs: microsOf(time), seq, price })),
  };
}

function microsOf(time: string): number {
  const us = parseTime(time);
  if (us === undefined) throw new TypeError(`not a tick's time: ${time}`);
  return us;
}

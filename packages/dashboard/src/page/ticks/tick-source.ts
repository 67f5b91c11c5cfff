import type { FxClient } from "@fx-ohlc/client";
import type { PageTick } from "./tick.js";

/** Where ticks are read. */
export type TickSource = Pick<HttpTickSource, keyof HttpTickSource>;

/** Minutes looked through for so many ticks as are wanted: in a quieter market it will be fewer ticks. */
const MINUTES_MAX = 240;
const TICKS_PER_MINUTE_MIN = 2;
const MINUTE_LENGTH = "2026-01-01T00:00".length;

/** Ticks from ohlc-query, which pages forward: minute bars tell from where there are enough of them. */
export class HttpTickSource {
  constructor(private readonly client: FxClient) {}

  /** The last ticks before `end`, about `count` of them, fewer in a quiet market; up to now without it. */
  async before(symbol: string, end: string | undefined, count: number, signal: AbortSignal) {
    const wanted = Math.min(MINUTES_MAX, Math.ceil(count / TICKS_PER_MINUTE_MIN));
    const minutes = await this.client.lastBars({ symbol, interval: "minute", end, count: wanted, signal });
    let ticks = 0;
    let start: string | undefined;
    for (const { bucket, tick_count } of minutes.reverse()) {
      start = bucket;
      // Of the minute that `end` lies in nobody knows how many come before it.
      if (!end?.startsWith(bucket.slice(0, MINUTE_LENGTH))) ticks += tick_count;
      if (ticks >= count) break;
    }
    return start === undefined ? [] : this.range(symbol, start, end, signal);
  }

  /** The ticks of [start, end). */
  async range(symbol: string, start: string, end: string | undefined, signal: AbortSignal) {
    const ticks: PageTick[] = [];
    for await (const { symbol: _, ...tick } of this.client.ticks({ symbol, start, end, signal })) ticks.push(tick);
    return ticks;
  }
}

import type { Ohlc } from "./sample-week.js";

/** What a bar is made of. */
export interface PricedTick {
  readonly time: string;
  readonly price: number;
}

/** A bar with the number of its ticks. */
export interface ExpectedBar extends Ohlc {
  readonly tick_count: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Where the bucket of an instant starts; both in milliseconds since 1970. */
export type BucketOf = (ms: number) => number;

function every(lengthMs: number, offsetMs = 0): BucketOf {
  return (ms) => Math.floor((ms - offsetMs) / lengthMs) * lengthMs + offsetMs;
}

export const BUCKETS = {
  minute: every(MINUTE_MS),
  hour: every(HOUR_MS),
  /** From 22:00 UTC. */
  day: every(DAY_MS, 22 * HOUR_MS),
  /** From 17:00 in New York, which is 4 hours behind UTC for all of the sample week. */
  newYorkDay: every(DAY_MS, 21 * HOUR_MS),
} as const;

/**
 * The bars of some ticks, which are in the order of (time, seq). This is the independent reference: it shares no code with
 * the system, and no idea but what open, high, low and close mean.
 */
export function expectedBars(ticks: readonly PricedTick[], bucketOf: BucketOf): ExpectedBar[] {
  const bars = new Map<number, ExpectedBar>();
  for (const { time, price } of ticks) {
    const bucketMs = bucketOf(Date.parse(time));
    const bucket = `${new Date(bucketMs).toISOString().slice(0, 19)}Z`;
    const { open = price, high = price, low = price, tick_count = 0 } = bars.get(bucketMs) ?? {};
    bars.set(bucketMs, {
      bucket,
      open,
      high: Math.max(high, price),
      low: Math.min(low, price),
      close: price,
      tick_count: tick_count + 1,
    });
  }
  return [...bars.values()];
}

import type { Seconds } from "../bars/chart-bar.js";
import { type PageTick, secondsOf } from "../ticks/tick.js";

export interface TickPoint {
  readonly time: Seconds;
  readonly value: number;
}

/** Two times in a double of this century are at least a quarter of a microsecond apart. */
const STEP = 1e-6;

/**
 * Points of the tick line. The chart wants a time of its own for each: a tick that shares its stamp with the one before is
 * drawn a microsecond later.
 */
export function tickPoints(ticks: readonly PageTick[], after = Number.NEGATIVE_INFINITY): readonly TickPoint[] {
  let last = after;
  return ticks.map(({ time, price }) => {
    last = Math.max(secondsOf(time), last + STEP);
    return { time: last, value: price };
  });
}

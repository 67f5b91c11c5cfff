import { type Micros, nowUs } from "@fx-ohlc/schemas";

let last: Micros = 0;

/**
 * The time of a tick that was sent without one. It never repeats within a process, so that two such ticks are never taken
 * for one sent twice.
 */
export function tickClock(): Micros {
  last = Math.max(nowUs(), last + 1);
  return last;
}

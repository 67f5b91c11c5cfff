import type { Micros } from "@fx-ohlc/schemas";

/** Sparse symbols are found after a few steps; 1970 is ten of them away from any first window of an hour or more. */
const GROWTH = 8;

/**
 * Windows of time that lead back from `toUs` to `fromUs`, the newest first, each longer than the one after it. The last bars
 * before an instant are looked for in them: a bound is what keeps the planner from preparing for all of history.
 *
 * @param firstUs length of the newest window, greater than 0
 */
export function* windowsBack(fromUs: Micros, toUs: Micros, firstUs: Micros): Generator<readonly [Micros, Micros]> {
  let spanUs = firstUs;
  for (let endUs = toUs; endUs > fromUs; spanUs *= GROWTH) {
    const startUs = Math.max(fromUs, endUs - spanUs);
    yield [startUs, endUs];
    endUs = startUs;
  }
}

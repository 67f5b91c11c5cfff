import type { Micros } from "@fx-ohlc/schemas";

/**
 * A clock that goes back by less repeats no stamp; one that goes back further is followed. What is known of the database's clock
 * moves by as much as its answers are slow, a few milliseconds.
 */
const BACK_MAX_US = 50_000;

/**
 * The times of ticks that are sent without one: now, and never the same twice, so that ticks keep the order they came in. They
 * run ahead of the clock by as much as it went back, {@link BACK_MAX_US} at most: after a clock that was hours ahead has been put
 * right, so are the stamps.
 */
export class StampClock {
  #lastUs: Micros = Number.NEGATIVE_INFINITY;

  /** @param nowUs the clock itself */
  constructor(private readonly nowUs: () => Micros) {}

  next(): Micros {
    const nowUs = this.nowUs();
    const wentBack = nowUs < this.#lastUs - BACK_MAX_US;
    this.#lastUs = wentBack ? nowUs : Math.max(nowUs, this.#lastUs + 1);
    return this.#lastUs;
  }
}

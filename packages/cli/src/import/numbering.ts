import { type Micros, TICKS_PER_STAMP_MAX } from "@fx-ohlc/schemas";

/** What the next tick's number depends on. */
export interface NumberingState {
  /** The latest time so far. */
  readonly timeUs: Micros;
  /** The number of the last tick of that time. */
  readonly seq: number;
}

/**
 * Numbers the ticks of one stamp 0, 1, 2 … in the order of the file. A number of its own keeps two real ticks of one time
 * and price apart, and makes every repeat name the very same tick.
 *
 * A tick that is earlier than one before it gets no number, because those that share its stamp may lie anywhere in the
 * file: the service finds its place by the price.
 */
export class Numbering {
  #timeUs: Micros;
  #seq: number;

  constructor(state: NumberingState = { timeUs: Number.NEGATIVE_INFINITY, seq: 0 }) {
    this.#timeUs = state.timeUs;
    this.#seq = state.seq;
  }

  get state(): NumberingState {
    return { timeUs: this.#timeUs, seq: this.#seq };
  }

  /**
   * @returns the number of the next tick of the file; undefined when it is out of order
   * @throws RangeError when more ticks share a stamp than one can hold
   */
  next(timeUs: Micros): number | undefined {
    if (timeUs < this.#timeUs) return undefined;
    if (timeUs === this.#timeUs && this.#seq + 1 === TICKS_PER_STAMP_MAX) {
      throw new RangeError(`more than ${TICKS_PER_STAMP_MAX} ticks share its time`);
    }
    this.#seq = timeUs > this.#timeUs ? 0 : this.#seq + 1;
    this.#timeUs = timeUs;
    return this.#seq;
  }
}

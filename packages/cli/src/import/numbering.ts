import { type Micros, TICKS_PER_STAMP_MAX } from "@fx-ohlc/schemas";

/** What the next tick's number depends on. */
export interface SymbolNumbering {
  /** The latest time so far. */
  readonly timeUs: Micros;
  /** The number of the last tick of that time. */
  readonly seq: number;
}

/** By symbol. */
export type NumberingState = Readonly<Record<string, SymbolNumbering>>;

/**
 * Numbers the ticks of one symbol and stamp 0, 1, 2 … in the order of the files. A number of its own keeps two real ticks of
 * one time and price apart, and makes every repeat name the very same tick.
 *
 * A tick that is earlier than one before it gets no number, because those that share its stamp may lie anywhere in the
 * files: the service finds its place by the price.
 */
export class Numbering {
  readonly #symbols: Map<string, SymbolNumbering>;

  constructor(state: NumberingState = {}) {
    this.#symbols = new Map(Object.entries(state));
  }

  get state(): NumberingState {
    return Object.fromEntries(this.#symbols);
  }

  /**
   * @returns the number of the next tick; undefined when it is out of order
   * @throws RangeError when more ticks share a stamp than one can hold
   */
  next(symbol: string, timeUs: Micros): number | undefined {
    const last = this.#symbols.get(symbol);
    if (last !== undefined && timeUs < last.timeUs) return undefined;
    const seq = last?.timeUs === timeUs ? last.seq + 1 : 0;
    if (seq === TICKS_PER_STAMP_MAX) throw new RangeError(`more than ${TICKS_PER_STAMP_MAX} ticks share its time`);
    this.#symbols.set(symbol, { timeUs, seq });
    return seq;
  }
}

import { type Micros, US_PER_SECOND } from "@fx-ohlc/schemas";

/** When a tick of a symbol is due. */
export interface Due {
  readonly symbol: string;
  readonly timeUs: Micros;
}

/** The next tick of a symbol. */
interface SymbolState {
  readonly symbol: string;
  slot: number;
  timeUs: Micros;
}

/** After a pause longer than this, such as a service that was away, the ticks in between are left out. */
export const CATCH_UP_MAX_US = 2 * US_PER_SECOND;

/**
 * When the ticks of each symbol fall due: time is cut into slots of 1 / rate seconds, and every slot has one tick at a
 * random instant in it. The rate therefore holds exactly however late the schedule is asked, and the ticks do not march
 * in step.
 */
export class Schedule {
  readonly #slotUs: number;
  readonly #symbols: SymbolState[];
  #startUs: Micros;

  /** @param random uniform in [0, 1) */
  constructor(
    symbols: readonly string[],
    ratePerSecond: number,
    startUs: Micros,
    private readonly random: () => number,
  ) {
    this.#slotUs = US_PER_SECOND / ratePerSecond;
    this.#startUs = startUs;
    this.#symbols = symbols.map((symbol) => ({ symbol, slot: 0, timeUs: this.#instantIn(0) }));
  }

  /** The earliest instant at which something falls due. */
  get nextUs(): Micros {
    return Math.min(...this.#symbols.map(({ timeUs }) => timeUs));
  }

  /**
   * What has fallen due since the last call, each symbol's ticks in their order, at most `countMax` of each.
   *
   * After a pause, or when the clock was set, the schedule starts afresh.
   */
  take(nowUs: Micros, countMax: number): Due[] {
    // The next tick may lie at the end of the slot after the running one.
    const aheadMaxUs = 2 * this.#slotUs + CATCH_UP_MAX_US;
    if (this.nextUs < nowUs - CATCH_UP_MAX_US || this.nextUs > nowUs + aheadMaxUs) this.#restart(nowUs);
    return this.#symbols.flatMap((state) => this.#takeOf(state, nowUs, countMax));
  }

  #takeOf(state: SymbolState, nowUs: Micros, countMax: number): Due[] {
    const due: Due[] = [];
    while (state.timeUs <= nowUs && due.length < countMax) {
      due.push({ symbol: state.symbol, timeUs: state.timeUs });
      state.slot += 1;
      state.timeUs = this.#instantIn(state.slot);
    }
    return due;
  }

  #restart(nowUs: Micros): void {
    this.#startUs = nowUs;
    for (const state of this.#symbols) {
      state.slot = 0;
      state.timeUs = this.#instantIn(0);
    }
  }

  #instantIn(slot: number): Micros {
    return Math.floor(this.#startUs + (slot + this.random()) * this.#slotUs);
  }
}

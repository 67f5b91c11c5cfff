import type { Dice } from "./dice.js";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Ticks of old places are on a grid of this, so that stamps are met again. */
const GRID_MS = 5 * SECOND_MS;

/** A short time where ticks are written and bars read. */
export interface Place {
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** The symbols and the times where writers and readers meet. */
export class Arena {
  readonly symbols = ["EURUSD", "XAUUSD", "USDJPY"];
  readonly #old: readonly Place[];

  /** @param nowMs stays what old places are told by */
  constructor(nowMs: number) {
    const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
    const date = new Date(nowMs);
    const month = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    const year = Date.UTC(date.getUTCFullYear(), 0, 1);
    const around = (ms: number, minutes: number) => ({
      fromMs: ms - minutes * MINUTE_MS,
      lengthMs: 2 * minutes * MINUTE_MS,
    });
    this.#old = [
      around(nowMs - 3 * HOUR_MS, 5),
      // Where an FX day, a UTC day, a month of each and a year of each end.
      around(today - 2 * HOUR_MS, 5),
      around(today - 2 * DAY_MS, 5),
      around(month - 2 * HOUR_MS, 3),
      around(month, 3),
      around(year - 2 * HOUR_MS, 3),
      around(year, 3),
      around(today - 4 * DAY_MS + 13 * HOUR_MS, 10),
      around(today - 40 * DAY_MS + 7 * HOUR_MS, 5),
      around(today - 400 * DAY_MS + 9 * HOUR_MS, 5),
    ];
  }

  /** Where the present is, and where bars are closed next. */
  young(nowMs: number): Place[] {
    return [
      { fromMs: nowMs - 2 * MINUTE_MS, lengthMs: 2 * MINUTE_MS - 200 },
      { fromMs: nowMs - 13 * MINUTE_MS, lengthMs: 9 * MINUTE_MS },
    ];
  }

  oldPlace(dice: Dice): Place {
    return dice.pick(this.#old);
  }

  youngPlace(dice: Dice): Place {
    return dice.pick(this.young(Date.now()));
  }

  anyPlace(dice: Dice): Place {
    return dice.chance(0.3) ? this.youngPlace(dice) : this.oldPlace(dice);
  }

  instant(dice: Dice, { fromMs, lengthMs }: Place): number {
    const ms = fromMs + dice.below(lengthMs);
    return ms - (ms % GRID_MS);
  }
}

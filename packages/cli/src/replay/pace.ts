import type { Micros } from "@fx-ohlc/schemas";

/** Moves a file's times to now: its first tick is due at once, the others as long after it as in the file, over the speed. */
export class Pace {
  readonly #speed: number;
  readonly #startUs: Micros;
  #firstUs: Micros | undefined;

  /** @param speed 1 for the file's own rhythm, 60 for an hour of it in a minute */
  constructor(speed: number, startUs: Micros) {
    this.#speed = speed;
    this.#startUs = startUs;
  }

  /** When a tick is due, in whole microseconds. Equal times stay equal, and later ones are never due earlier. */
  dueUs(timeUs: Micros): Micros {
    this.#firstUs ??= timeUs;
    return this.#startUs + Math.round((timeUs - this.#firstUs) / this.#speed);
  }
}

import type { Micros } from "@fx-ohlc/schemas";

/** Moves a file's times to now: its first tick is due at once, the others as long after it as in the file, over the speed. */
export class Pace {
  #firstUs: Micros | undefined;

  /** @param speed 1 for the file's own rhythm, 60 for an hour of it in a minute */
  constructor(
    private readonly speed: number,
    private readonly startUs: Micros,
  ) {}

  /** When a tick is due, in whole microseconds. Equal times stay equal, and later ones are never due earlier. */
  dueUs(timeUs: Micros): Micros {
    this.#firstUs ??= timeUs;
    return this.startUs + Math.round((timeUs - this.#firstUs) / this.speed);
  }
}

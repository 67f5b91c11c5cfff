import { type Micros, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";

/** Nobody waits longer behind a slice, as far as its length can help. */
const LONG_MS = 250;
/** A slice that takes less costs more in all than a longer one. */
const SHORT_MS = 120;
const MIN_US = US_PER_HOUR;
const MAX_US = 400 * US_PER_DAY;

/**
 * How much history is refreshed at once: as much as takes a fraction of a second, which is an hour of many busy symbols or a
 * year of a quiet one. It is found by doing.
 */
export class SliceLength {
  private lengthUs = US_PER_DAY;

  get us(): Micros {
    return this.lengthUs;
  }

  /** The last slice took so long. */
  note(tookMs: number): void {
    if (tookMs > LONG_MS) this.lengthUs = Math.max(MIN_US, this.lengthUs / 2);
    if (tookMs < SHORT_MS) this.lengthUs = Math.min(MAX_US, this.lengthUs * 2);
  }
}

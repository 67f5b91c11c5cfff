import { type Micros, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";

/** Nobody waits longer behind a slice, as far as its length can help. */
const LONG_MS = 250;
/** A slice that takes less costs more in all than a longer one. */
const SHORT_MS = 120;
const MIN_US = US_PER_HOUR;
const MAX_US = 400 * US_PER_DAY;
/** Slices that are looked back on for what the shortest of them take. */
const RECENT_MAX = 20;

/**
 * How much history is refreshed at once: as much as takes a fraction of a second, which is an hour of many busy symbols or a
 * year of a quiet one. It is found by doing.
 *
 * Some of a slice's time has nothing to do with its length: on a busy machine that alone is long, and shorter slices would only be
 * more. So a slice that takes no more than twice the quickest of the last ones is no reason for a shorter one.
 */
export class SliceLength {
  private lengthUs = US_PER_DAY;
  private recentMs: readonly number[] = [];

  get us(): Micros {
    return this.lengthUs;
  }

  /** The last slice took so long. */
  note(tookMs: number): void {
    this.recentMs = [...this.recentMs, tookMs].slice(-RECENT_MAX);
    const quickestMs = Math.min(...this.recentMs);
    if (tookMs > Math.max(LONG_MS, 2 * quickestMs)) this.lengthUs = Math.max(MIN_US, this.lengthUs / 2);
    if (tookMs < SHORT_MS) this.lengthUs = Math.min(MAX_US, this.lengthUs * 2);
  }
}

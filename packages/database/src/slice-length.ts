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
 *
 * Some of a slice's time has nothing to do with its length: on a busy machine that alone is long, and shorter slices would only be
 * more of them. How much it is is told by two slices, one of which is twice as long.
 */
export class SliceLength {
  private lengthUs = US_PER_DAY;
  private fixedMs = 0;
  private last: { readonly us: Micros; readonly ms: number } | undefined;

  get us(): Micros {
    return this.lengthUs;
  }

  /** The last slice took so long. */
  note(tookMs: number): void {
    const { lengthUs: us, last } = this;
    if (last !== undefined && last.us !== us) {
      const [shortMs, longMs] = last.us < us ? [last.ms, tookMs] : [tookMs, last.ms];
      this.fixedMs = Math.max(0, Math.min(shortMs, longMs, 2 * shortMs - longMs));
    }
    this.last = { us, ms: tookMs };
    if (tookMs - this.fixedMs > LONG_MS) this.lengthUs = Math.max(MIN_US, us / 2);
    if (tookMs - this.fixedMs < SHORT_MS) this.lengthUs = Math.min(MAX_US, us * 2);
  }
}

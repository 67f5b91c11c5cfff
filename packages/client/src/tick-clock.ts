import { formatTime } from "@fx-ohlc/schemas/time";

/** Time servers slew a clock that is off by less, and set one back that is off by more. */
const BACK_MAX_US = 128_000;
/** Each time the clock is set back, the stamps within a millisecond begin at another of these: they meet none of before. */
const BANDS = 8;
const BAND_US = 1_000 / BANDS;

/**
 * A source of times for ticks that come without one: the machine's clock, strictly rising. Two ticks of one price never get
 * the same time, which would make the second a repeat of the first. A clock that is set back is followed, so that one that was hours
 * ahead stamps rightly as soon as it is right; times that are lived through again get other microseconds than they had.
 *
 * @param nowMs stands in for the machine's clock
 * @returns a function that gives the next time, RFC 3339 with six fraction digits
 */
export function tickClock(nowMs: () => number = Date.now): () => string {
  let lastUs = 0;
  let timesSetBack = 0;
  return () => {
    const nowUs = nowMs() * 1000;
    if (nowUs < lastUs - BACK_MAX_US) {
      timesSetBack += 1;
      lastUs = 0;
    }
    lastUs = Math.max(nowUs + (timesSetBack % BANDS) * BAND_US, lastUs + 1);
    return formatTime(lastUs);
  };
}

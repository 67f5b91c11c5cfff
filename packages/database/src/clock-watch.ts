import { formatTime, type Micros, US_PER_HOUR, US_PER_SECOND } from "@fx-ohlc/schemas";

/** Clocks that are further apart than this, or jump further, are not believed when it comes to dropping ticks. */
const DIFFERENCE_MAX_US = US_PER_HOUR;

/** One look at all clocks. */
export interface ClockReading {
  /** The database's. */
  readonly databaseUs: Micros;
  /** This machine's. */
  readonly ownUs: Micros;
  /** A clock that never goes back, in milliseconds. */
  readonly monotonicMs: number;
}

function hours(us: Micros): string {
  return `${(Math.abs(us) / US_PER_HOUR).toFixed(1)} h`;
}

/**
 * Watches the database's clock, by which ticks expire: one that is wrong for a minute would drop what it should keep. It is held
 * against a monotonic clock, which shows jumps, and against this machine's own, which shows what was wrong before the start.
 */
export class ClockWatch {
  private last: ClockReading | undefined;

  /** Whether the database's clock jumped since the last look, in words; undefined when it did not. */
  jump(reading: ClockReading): string | undefined {
    const { last } = this;
    this.last = reading;
    if (last === undefined) return undefined;
    const expectedUs = last.databaseUs + (reading.monotonicMs - last.monotonicMs) * (US_PER_SECOND / 1000);
    const jumpedUs = reading.databaseUs - expectedUs;
    if (Math.abs(jumpedUs) <= DIFFERENCE_MAX_US) return undefined;
    const way = jumpedUs > 0 ? "ahead" : "back";
    return `the database's clock jumped ${way} by ${hours(jumpedUs)} to ${formatTime(reading.databaseUs)}`;
  }

  /** Whether the two machines disagree on the time, in words; undefined when they do not. */
  disagreement({ databaseUs, ownUs }: ClockReading): string | undefined {
    const differenceUs = databaseUs - ownUs;
    if (Math.abs(differenceUs) <= DIFFERENCE_MAX_US) return undefined;
    const way = differenceUs > 0 ? "ahead of" : "behind";
    return `the database's clock is ${hours(differenceUs)} ${way} this machine's`;
  }
}

import { type Micros, type TimeRange, US_PER_SECOND } from "@fx-ohlc/schemas";
import type { RemoteClock } from "@fx-ohlc/service-kit";

export interface GapRangesOptions {
  /** How old a tick may be when it is streamed. */
  readonly keepUs: Micros;
  /** How far ahead of the clock a tick may be. */
  readonly aheadUs: Micros;
}

/** A message is on its way for seconds at most, and the clock is known to less. */
const SLACK_US = 60 * US_PER_SECOND;
/** Streams are cut in pieces: what is an eighth older than they keep may still be there. */
const KEPT_AT_MOST = 9 / 8;

/**
 * Where ticks lie that nobody was told of: a tick is streamed when it was committed, and then it is no older than streams keep,
 * nor further ahead than is accepted. (What is older is declared when it is committed.)
 */
export class GapRanges {
  /** @param clock the database's: ranges are told in its time, and a wrong one would leave out what was missed */
  constructor(
    private readonly clock: RemoteClock,
    private readonly options: GapRangesOptions,
  ) {}

  /** Ticks that are published from now on. */
  sinceNow(): TimeRange {
    return this.since(this.clock.nowUs());
  }

  /** Ticks that were published after an instant. */
  since(instantUs: Micros): TimeRange {
    const now = this.clock.nowUs();
    const { keepUs, aheadUs } = this.options;
    return { fromUs: Math.min(instantUs, now) - keepUs - SLACK_US, toUs: now + aheadUs + SLACK_US };
  }

  /** Ticks that came after one of this time in their stream. */
  afterTick(timeUs: Micros): TimeRange {
    return this.since(timeUs - this.options.aheadUs);
  }

  /** Ticks of whatever a stream may hold now. */
  ofAllKept(): TimeRange {
    return this.since(this.clock.nowUs() - Math.ceil(this.options.keepUs * KEPT_AT_MOST));
  }
}

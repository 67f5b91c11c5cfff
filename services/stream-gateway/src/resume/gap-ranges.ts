import { type Micros, type TimeRange, US_PER_SECOND } from "@fx-ohlc/schemas";
import type { RemoteClock } from "@fx-ohlc/service-kit";
import type { Config } from "../config.js";

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
    private readonly config: Pick<Config, "streamKeepUs" | "maxClockSkewUs">,
  ) {}

  /** Ticks that are published from now on. */
  sinceNow(): TimeRange {
    return this.since(this.clock.nowUs());
  }

  /** Ticks that were published after an instant. */
  since(instantUs: Micros): TimeRange {
    const now = this.clock.nowUs();
    const { streamKeepUs, maxClockSkewUs } = this.config;
    return { fromUs: Math.min(instantUs, now) - streamKeepUs - SLACK_US, toUs: now + maxClockSkewUs + SLACK_US };
  }

  /** Ticks that came after one of this time in their stream. */
  afterTick(timeUs: Micros): TimeRange {
    return this.since(timeUs - this.config.maxClockSkewUs);
  }

  /** Ticks of whatever a stream may hold now. */
  ofAllKept(): TimeRange {
    return this.since(this.clock.nowUs() - Math.ceil(this.config.streamKeepUs * KEPT_AT_MOST));
  }
}

import { type Micros, nowUs, US_PER_SECOND } from "@fx-ohlc/schemas";
import type { Metrics } from "./metrics.js";

/** What another machine's clock showed, some time between the question and its answer. */
export interface ClockReading {
  readonly us: Micros;
  /** By this process's monotonic clock, `performance.now()`. */
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

/** A clock that is further off than this is wrong: machines that ask a time server are within milliseconds of each other. */
const SKEW_MAX_S = 1;

/** An answer that took up to so many times as long as the quickest one counts as quick. */
const QUICK = 1.25;
/** With every answer the quickest one is forgotten a little: an address may have moved farther away. */
const FORGOTTEN = 1.02;

/**
 * Another machine's clock, kept going by this process's monotonic one: no change of this machine's clock moves it.
 *
 * A reading proves that the other clock is ahead of the monotonic one by something between two bounds, which are as far apart
 * as the answer took. A quick answer sets what is believed to the middle. A slow one, which proves little, moves it only as far
 * as it must to lie within the bounds: so a clock that jumps is followed at once, and a busy moment changes nothing.
 */
export class RemoteClock {
  #aheadUs: number | undefined;
  #quickestMs = Number.POSITIVE_INFINITY;

  /** Whether it was ever read; until then it shows this machine's time. */
  get isKnown(): boolean {
    return this.#aheadUs !== undefined;
  }

  learn({ us, askedAtMs, answeredAtMs }: ClockReading): void {
    const leastUs = us - answeredAtMs * 1000;
    const mostUs = us - askedAtMs * 1000;
    const tookMs = answeredAtMs - askedAtMs;
    const isQuick = tookMs <= this.#quickestMs * QUICK;
    this.#quickestMs = Math.min(tookMs, this.#quickestMs * FORGOTTEN);
    const believedUs = isQuick ? (leastUs + mostUs) / 2 : (this.#aheadUs ?? 0);
    this.#aheadUs = Math.min(Math.max(believedUs, leastUs), mostUs);
  }

  nowUs(): Micros {
    return this.usAt(performance.now());
  }

  /** What it showed, or will show, at an instant of `performance.now()`. */
  usAt(monotonicMs: number): Micros {
    const aheadUs = this.#aheadUs ?? nowUs() - performance.now() * 1000;
    return Math.floor(monotonicMs * 1000 + aheadUs);
  }

  /** This machine's clock minus this one, in seconds; undefined while it is not known. */
  get skewS(): number | undefined {
    return this.isKnown ? (nowUs() - this.nowUs()) / US_PER_SECOND : undefined;
  }
}

/** What `/health` says of this machine's clock. */
export function clockHealth({ skewS }: RemoteClock): {
  readonly details: { readonly clock_skew_s?: number };
  readonly problems: readonly string[];
} {
  if (skewS === undefined) return { details: {}, problems: [] };
  const details = { clock_skew_s: Number(skewS.toFixed(3)) };
  if (Math.abs(skewS) <= SKEW_MAX_S) return { details, problems: [] };
  const way = skewS > 0 ? "ahead of" : "behind";
  return { details, problems: [`this machine's clock is ${Math.abs(skewS).toFixed(1)} s ${way} the database's`] };
}

export function exportClockSkew(metrics: Metrics, clock: RemoteClock): void {
  metrics.addGauge({
    name: "clock_skew_seconds",
    help: "This machine's clock minus the database's; 0 until the database's is known.",
    read: () => clock.skewS ?? 0,
  });
}

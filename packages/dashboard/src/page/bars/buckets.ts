import { bucketEnd, bucketStart } from "@fx-ohlc/schemas/calendar";
import { dayPartUs, fixedLengthUs, type Interval, type StoredInterval } from "@fx-ohlc/schemas/interval";
import { US_PER_HOUR, US_PER_SECOND } from "@fx-ohlc/schemas/time";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import type { Seconds, Side } from "./chart-bar.js";

/** What a series of bars is: of which symbol, how long they are and where their day starts. */
export interface BarSeries {
  readonly symbol: string;
  readonly interval: Interval;
  readonly boundary: BoundaryName;
  /** What they are of; mid when absent. */
  readonly side?: Side;
}

export function bucketOf(time: Seconds, { interval, boundary }: Pick<BarSeries, "interval" | "boundary">): Seconds {
  return bucketStart(time * US_PER_SECOND, interval, BOUNDARIES[boundary]) / US_PER_SECOND;
}

export function bucketEndOf(time: Seconds, { interval, boundary }: Pick<BarSeries, "interval" | "boundary">): Seconds {
  return bucketEnd(time * US_PER_SECOND, interval, BOUNDARIES[boundary]) / US_PER_SECOND;
}

/** The start of the FX day that a time lies in. */
export function dayOf(time: Seconds, boundary: BoundaryName): Seconds {
  return bucketOf(time, { interval: "1d", boundary });
}

/** The streamed bars that those of an interval are folded from: every boundary here is on a whole hour of UTC. */
export function partsOf(interval: Interval): Exclude<StoredInterval, "day"> {
  return (fixedLengthUs(interval) ?? dayPartUs(interval) ?? US_PER_HOUR) < US_PER_HOUR ? "minute" : "hour";
}

import { bucketEnd, bucketStart } from "@fx-ohlc/schemas/calendar";
import { INTERVALS, type Interval } from "@fx-ohlc/schemas/interval";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import type { Seconds } from "./chart-bar.js";

/** What a series of bars is: of which symbol, how long they are and where their day starts. */
export interface BarSeries {
  readonly symbol: string;
  readonly interval: Interval;
  readonly boundary: BoundaryName;
}

const US_PER_S = 1_000_000;

export function bucketOf(time: Seconds, { interval, boundary }: Pick<BarSeries, "interval" | "boundary">): Seconds {
  return bucketStart(time * US_PER_S, interval, BOUNDARIES[boundary]) / US_PER_S;
}

export function bucketEndOf(time: Seconds, { interval, boundary }: Pick<BarSeries, "interval" | "boundary">): Seconds {
  return bucketEnd(time * US_PER_S, interval, BOUNDARIES[boundary]) / US_PER_S;
}

/** The start of the FX day that a time lies in. */
export function dayOf(time: Seconds, boundary: BoundaryName): Seconds {
  return bucketOf(time, { interval: "1d", boundary });
}

/** Where a day starts matters to bars of two hours and more. */
export function takesBoundary(interval: Interval): boolean {
  return INTERVALS.indexOf(interval) > INTERVALS.indexOf("1h");
}

/** The streamed bars that those of an interval are folded from: every boundary here is on a whole hour of UTC. */
export function partsOf(interval: Interval): "minute" | "hour" {
  return INTERVALS.indexOf(interval) < INTERVALS.indexOf("1h") ? "minute" : "hour";
}

import type { ChannelName } from "@fx-ohlc/client";
import { bucketEnd, bucketStart } from "@fx-ohlc/schemas/calendar";
import {
  dayPartUs,
  fixedLengthUs,
  type Interval,
  type StoredInterval,
  takesDayBoundary,
} from "@fx-ohlc/schemas/interval";
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

/** What the stream calls a series; a channel of quotes tells all that the plain one does, and both sides. */
export function channelOf({ symbol, interval, boundary }: BarSeries, hasQuotes: boolean): ChannelName {
  const { hour, timezone } = BOUNDARIES[boundary];
  const day = takesDayBoundary(interval) ? (`@${String(hour).padStart(2, "0")}:${timezone}` as const) : "";
  return `ohlc:${symbol}:${interval}${hasQuotes ? ":quote" : ""}${day}`;
}

/** The stored bars that are told to have changed when all bars of an interval within them may have vanished. */
export function storedAround(interval: Interval): Exclude<StoredInterval, "minute"> {
  return (fixedLengthUs(interval) ?? dayPartUs(interval) ?? US_PER_HOUR) < US_PER_HOUR ? "hour" : "day";
}

import { type BarMessage, type EventOf, type FilledBar, type LiveBar, parseChannel } from "@fx-ohlc/client";
import { sameBoundary } from "@fx-ohlc/schemas/calendar";
import { STORED_INTERVALS, type StoredInterval } from "@fx-ohlc/schemas/interval";
import { formatTime, parseTime, US_PER_MINUTE } from "@fx-ohlc/schemas/time";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import type { Hole } from "../state/connection.js";
import type { Sides } from "../state/watchlist.js";
import type { TickRange } from "../ticks/tick.js";

/** A bar that was read over HTTP, as the stream would have told it. */
export function closedBar({ channel, interval }: EventOf<"reloaded-bars">, bar: FilledBar): BarMessage {
  return { type: "final", channel, bar: { ...bar, interval, final: true, timestamp: "" } };
}

/** What a range of ticks holds now, its times with the digits of ticks' times. */
export function tickRangeOf({ from, to, ticks }: EventOf<"corrected"> | EventOf<"reloaded-ticks">): TickRange {
  const stamp = (time: string) => formatTime(parseTime(time) ?? 0);
  return { from: stamp(from), to: to === undefined ? undefined : stamp(to), ticks };
}

/** What was not received, as it is listed. */
export function holeOf(event: EventOf<"gap"> | EventOf<"conflated">): Hole {
  const { channel, from, to } = event;
  if (event.type === "gap") {
    const what = event.late === true ? "Old ticks, stored just now" : "Not received";
    return { what: `${what}: ${channel}`, from, to };
  }
  return { what: `${event.skipped.toLocaleString("en")} ticks skipped, this page was slow: ${channel}`, from, to };
}

/** The first instant of a minute's bar and that of the next, as ticks are stamped. */
export function minuteOf({ bucket }: LiveBar): [string, string] {
  const startUs = parseTime(bucket) ?? 0;
  return [formatTime(startUs), formatTime(startUs + US_PER_MINUTE)];
}

/** The stored interval that a channel's bars are of, days being those of the chosen boundary; undefined of others. */
export function storedOf(channel: string, boundary: BoundaryName): StoredInterval | undefined {
  const bars = parseChannel(channel);
  if (bars?.kind !== "ohlc") return undefined;
  if (bars.boundary !== undefined && !sameBoundary(bars.boundary, BOUNDARIES[boundary])) return undefined;
  return STORED_INTERVALS.find((stored) => stored === bars.interval);
}

/** Both sides of a quote; undefined of what is none. */
export function sidesOf(bid: number | null | undefined, ask: number | null | undefined): Sides | undefined {
  return typeof bid === "number" && typeof ask === "number" ? { bid, ask } : undefined;
}

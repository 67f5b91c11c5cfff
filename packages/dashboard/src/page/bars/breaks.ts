import type { GapJson } from "@fx-ohlc/client";
import { shortText, spanText } from "../format/time.js";
import { ZONES, type ZoneName } from "../format/zone.js";
import { type BarSeries, bucketEndOf } from "./buckets.js";
import { type ChartBar, indexOfTime, type Seconds } from "./chart-bar.js";

/** Minutes without a tick, and why. */
export interface Gap {
  readonly from: Seconds;
  readonly to: Seconds;
  readonly reason: GapJson["reason"];
}

/** A place between two bars, or after the last one, where bars are missing. */
export interface Break {
  /** The empty places it has in the chart, ascending; of a closed market one. */
  readonly times: readonly Seconds[];
  /** What stands there: nothing of a closed market. */
  readonly text: string;
}

/** Empty places of an outage: room for its length in words at the usual width, however long it was. */
const OUTAGE_SLOTS = 10;

/** The starts of the first buckets from one on, before an end. */
function slots(from: Seconds, to: Seconds, count: number, series: Pick<BarSeries, "interval" | "boundary">): Seconds[] {
  const times: Seconds[] = [];
  for (let time = from; time < to && times.length < count; time = bucketEndOf(time, series)) times.push(time);
  return times;
}

function textOf(outages: readonly Gap[]): string {
  const seconds = outages.reduce((sum, { from, to }) => sum + to - from, 0);
  const isDown = outages.some(({ reason }) => reason === "feed_down");
  return `${spanText(seconds)} without ticks${isDown ? ", feed down" : ""}`;
}

/** The breaks of one hole: that of its outages, and that of its closed market. */
function breaksIn(hole: { from: Seconds; to: Seconds }, gaps: readonly Gap[], series: BarSeries): Break[] {
  const outages = gaps.filter(({ reason }) => reason !== "market_closed");
  const isClosed = outages.length < gaps.length;
  const times = slots(hole.from, hole.to, (outages.length > 0 ? OUTAGE_SLOTS : 0) + (isClosed ? 1 : 0), series);
  if (outages.length === 0) return [{ times, text: "" }];
  if (!isClosed || times.length < 2) return [{ times, text: textOf(outages) }];
  const isClosedFirst = gaps[0]?.reason === "market_closed";
  const closed = { times: isClosedFirst ? times.slice(0, 1) : times.slice(-1), text: "" };
  const outage = { times: isClosedFirst ? times.slice(1) : times.slice(0, -1), text: textOf(outages) };
  return isClosedFirst ? [closed, outage] : [outage, closed];
}

/**
 * Where bars are missing that gaps account for, ascending.
 *
 * @param gaps ascending, up to now
 */
export function breaksOf(bars: readonly ChartBar[], gaps: readonly Gap[], series: BarSeries): readonly Break[] {
  const holes = new Map<number, Gap[]>();
  for (const gap of gaps) {
    // The bars before and after: those that are neither wholly before the gap nor wholly after it lie in between.
    const next = indexOfTime(bars, gap.from + 1);
    const after = bars[next]?.time;
    if (next === 0 || (after !== undefined && after < gap.to && bucketEndOf(after, series) < gap.to)) continue;
    holes.set(next, [...(holes.get(next) ?? []), gap]);
  }
  return [...holes].flatMap(([next, within]) => {
    const from = bucketEndOf(bars[next - 1]?.time ?? 0, series);
    const to = bars[next]?.time ?? within.at(-1)?.to ?? 0;
    return to > from ? breaksIn({ from, to }, within, series) : [];
  });
}

/** The last time that ticks were missing, in its pieces: a market that closes meanwhile ends no outage. None where none were. */
export function lastOutage(gaps: readonly Gap[]): readonly Gap[] {
  const last = gaps.findLastIndex(({ reason }) => reason !== "market_closed");
  if (last < 0) return [];
  let first = last;
  for (let at = last - 1; at >= 0 && gaps[at]?.to === gaps[at + 1]?.from; at -= 1) {
    if (gaps[at]?.reason !== "market_closed") first = at;
  }
  return gaps.slice(first, last + 1).filter(({ reason }) => reason !== "market_closed");
}

/** `3 h 30 min without ticks, 10:00 to 13:30 UTC`, with dates when they are not today's; how long is told of when the market was open. */
export function outageText(pieces: readonly Gap[], now: Seconds, zone: ZoneName): string {
  const [from, to] = [pieces[0]?.from ?? now, pieces.at(-1)?.to ?? now].map((time) => shortText(time, now, zone));
  return `${textOf(pieces)}, ${from} to ${to} ${ZONES[zone].text}`;
}

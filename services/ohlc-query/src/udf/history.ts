import {
  bucketStart,
  FIRST_BUCKET_US,
  isOfTicks,
  LIMIT_MAX,
  type Micros,
  type Side,
  sessionBoundary,
  splitSide,
  type UdfBars,
  type UdfHistoryQuery,
  type UdfNoData,
  US_PER_MINUTE,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import type { BarArrays } from "../bars/bar-columns.js";
import type { BarPages, BarRange } from "../bars/bar-page.js";
import { SIDES } from "../formats/quote-cells.js";
import type { BarSources } from "../http/bar-answer.js";
import { clampInstant } from "../http/ranges.js";
import { readSession } from "../symbols.js";
import { barTime, bucketAtOrAfter, type Dating } from "./bar-times.js";

/** Bars as a chart takes them, or where the last ones before its range are. */
type History = UdfBars | UdfNoData;

/** A history that is made of so many bars. */
export interface HistoryRead {
  readonly rows: number;
  readonly make: () => History;
}

function instantOf(seconds: number): Micros {
  return clampInstant(seconds * US_PER_SECOND);
}

function secondsOf(bucketUs: Micros, dating: Dating): number {
  return barTime(bucketUs, dating) / US_PER_SECOND;
}

function historyOf({ bucketUs, open, high, low, close, tickCount }: BarArrays, dating: Dating): History {
  const t = bucketUs.map((us) => secondsOf(us, dating));
  return { s: "ok", t, o: open, h: high, l: low, c: close, v: tickCount };
}

/** One side of the bars that have quotes. */
function sideOf({ bucketUs, quotes }: BarArrays, side: Side): BarArrays {
  const places = [...bucketUs.keys()].filter((i) => (quotes?.quoteCount[i] ?? 0) > 0);
  const pick = (values: readonly number[] = []) => places.map((i) => values[i] ?? 0);
  const { open, high, low, close } = SIDES[side];
  return {
    ...{ bucketUs: pick(bucketUs), tickCount: pick(quotes?.quoteCount) },
    ...{
      open: pick(quotes?.[open]),
      high: pick(quotes?.[high]),
      low: pick(quotes?.[low]),
      close: pick(quotes?.[close]),
    },
  };
}

/** Where the last bar before a bucket starts. */
async function lastBefore(beforeUs: Micros, range: BarRange, pages: BarPages): Promise<Micros | undefined> {
  if (range.withQuotes) {
    const quote = await pages.lastQuote(range.symbol, beforeUs);
    return quote && quotedBar(quote.bucketUs, beforeUs, range, pages);
  }
  const { bars, prevUs } = await pages.last({ ...range, fromUs: FIRST_BUCKET_US, toUs: beforeUs, limit: 1 });
  return bars.bucketAt(0) ?? prevUs;
}

/** The bar that holds the last quote of a minute before an instant: of bars shorter than that the last one with quotes. */
async function quotedBar(minuteUs: Micros, beforeUs: Micros, range: BarRange, pages: BarPages): Promise<Micros> {
  const bucketUs = bucketStart(minuteUs, range.interval, range.boundary);
  if (!isOfTicks(range.interval)) return bucketUs;
  const toUs = Math.min(beforeUs, minuteUs + US_PER_MINUTE);
  const { bars } = await pages.last({ ...range, fromUs: minuteUs, toUs, limit: US_PER_MINUTE / US_PER_SECOND });
  return sideOf(bars.arrays(), "bid").bucketUs.at(-1) ?? bucketUs;
}

/** Nothing is found, and where the last bar before that is, so that the chart need not feel its way back to it. */
function nothing(lastUs: Micros | undefined, dating: Dating): History {
  return lastUs === undefined ? { s: "no_data" } : { s: "no_data", nextTime: secondsOf(lastUs, dating) };
}

/**
 * Where a range up to `to` ends: half-open on the time that bars have. But the running day (week, month) has a date that may lie
 * ahead of now; a chart that asks for what there is until now means it too, and one that asks up to that date has it already.
 */
function endOf(to: number, nowUs: Micros, dating: Dating): Micros {
  const toUs = instantOf(to);
  const bucketUs = bucketAtOrAfter(toUs, dating);
  const timeUs = barTime(bucketUs, dating);
  const isRunning = bucketUs <= Math.min(toUs, nowUs) && timeUs > Math.max(toUs, nowUs);
  return isRunning ? bucketUs + 1 : bucketUs;
}

/**
 * The bars that a chart asks for, with times from `from` to just before `to`, or the last `countback` before `to`; never more
 * than the last 10,000 of them.
 */
export async function readHistory(
  query: UdfHistoryQuery,
  { reader, pages, sessions, caller }: BarSources,
): Promise<HistoryRead> {
  const { resolution: interval, from = 0, to, countback } = query;
  const { symbol, side } = splitSide(query.symbol);
  const session = await readSession(reader, sessions, symbol);
  const dating = { interval, boundary: sessionBoundary(session) };
  const range = {
    ...{ symbol, interval, boundary: dating.boundary, withQuotes: side !== undefined },
    fromUs: countback === undefined ? bucketAtOrAfter(instantOf(from), dating) : FIRST_BUCKET_US,
    toUs: endOf(to, reader.nowUs(), dating),
    limit: Math.min(countback ?? LIMIT_MAX, LIMIT_MAX),
  };
  const { bars, lastUs } = await pages.ofOneMoment((ofIt) => barsOrLast(ofIt, range, side));
  caller.quota?.spend("rows_per_second", bars.count);
  const shown = side === undefined ? undefined : sideOf(bars.arrays(), side);
  const rows = shown?.bucketUs.length ?? bars.count;
  if (rows > 0) return { rows, make: () => historyOf(shown ?? bars.arrays(), dating) };
  const found = nothing(lastUs, dating);
  return { rows, make: () => found };
}

/** The bars of a range, and where there is none to be shown, where the last one before is. */
async function barsOrLast(pages: BarPages, range: BarRange, side: Side | undefined) {
  const { bars } = await pages.last(range);
  const isEmpty = side === undefined ? bars.count === 0 : sideOf(bars.arrays(), side).bucketUs.length === 0;
  return { bars, lastUs: isEmpty ? await lastBefore(bars.bucketAt(0) ?? range.fromUs, range, pages) : undefined };
}

import {
  LIMIT_MAX,
  type Micros,
  sessionBoundary,
  type UdfBars,
  type UdfHistoryQuery,
  type UdfNoData,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import type { BarArrays } from "../bars/bar-columns.js";
import type { BarPages, BarRange } from "../bars/bar-page.js";
import { FIRST_BUCKET_US } from "../bars/span.js";
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

/** Where the last bar before a range is, so that the chart need not feel its way back to it. */
async function nothingIn(range: BarRange, pages: BarPages, dating: Dating): Promise<History> {
  const { bars, prevUs } = await pages.last({ ...range, fromUs: FIRST_BUCKET_US, toUs: range.fromUs, limit: 1 });
  const bucketUs = bars.bucketAt(0) ?? prevUs;
  return bucketUs === undefined ? { s: "no_data" } : { s: "no_data", nextTime: secondsOf(bucketUs, dating) };
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
  const { symbol, resolution: interval, from = 0, to, countback } = query;
  const session = await readSession(reader, sessions, symbol);
  const dating = { interval, boundary: sessionBoundary(session), session };
  const range = {
    ...{ symbol, interval, boundary: dating.boundary },
    fromUs: countback === undefined ? bucketAtOrAfter(instantOf(from), dating) : FIRST_BUCKET_US,
    toUs: endOf(to, reader.nowUs(), dating),
    limit: Math.min(countback ?? LIMIT_MAX, LIMIT_MAX),
  };
  const { bars } = await pages.last(range);
  caller.quota?.spend("rows_per_second", bars.count);
  if (bars.count > 0) return { rows: bars.count, make: () => historyOf(bars.arrays(), dating) };
  const nothing = await nothingIn(range, pages, dating);
  return { rows: 0, make: () => nothing };
}

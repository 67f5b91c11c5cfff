import { type BarSeries, bucketEndOf, bucketOf } from "../bars/buckets.js";
import type { Seconds } from "../bars/chart-bar.js";
import type { View } from "../view.js";

/** So many bars are opened at most to go to a time: some 5 MB. */
const OPENED_MAX = 30_000;

/** The earliest time that can be gone to: all bars from there until now are held. */
export function earliestOf(series: BarSeries, now: Seconds): Seconds {
  return now - OPENED_MAX * (bucketEndOf(now, series) - bucketOf(now, series));
}

/** Whether a view is of these bars. */
export function isSameSeries(a: View, b: View | BarSeries | undefined): boolean {
  return a.symbol === b?.symbol && a.interval === b?.interval && a.boundary === b.boundary && a.side === b.side;
}

/** What the bars of a view are called. */
export function barsTitle({ symbol, interval, side }: View): string {
  return `${symbol} · ${interval}${side === "mid" ? "" : ` · ${side}`}`;
}

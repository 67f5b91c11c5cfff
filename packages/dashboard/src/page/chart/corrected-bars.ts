import { type BarSeries, bucketOf, dayOf } from "../bars/buckets.js";
import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import { dayMarks } from "./day-marks.js";
import type { NotedDay } from "./price-chart.js";

/** The bars of days, weeks or more that hold corrected days. */
export function correctedBars(corrected: ReadonlyMap<Seconds, number>, series: BarSeries): NotedDay[] {
  const counts = new Map<Seconds, number>();
  for (const [day, count] of corrected) {
    const time = bucketOf(day, series);
    counts.set(time, (counts.get(time) ?? 0) + count);
  }
  return [...counts].map(([time, count]) => ({ time, date: "", corrected: count }));
}

/** The days of some bars, with how many ticks of each were corrected. */
export function correctedDays(
  corrected: ReadonlyMap<Seconds, number>,
  { boundary }: BarSeries,
  bars: readonly ChartBar[],
): NotedDay[] {
  const marks = dayMarks(bars, boundary);
  return marks.map((mark) => ({ ...mark, corrected: corrected.get(dayOf(mark.time, boundary)) ?? 0 }));
}

import { fxDayName } from "@fx-ohlc/schemas/calendar";
import { US_PER_SECOND } from "@fx-ohlc/schemas/time";
import { bucketEndOf } from "../bars/buckets.js";
import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";

/** The first bar of an FX day, and the day's name. */
export interface DayMark {
  readonly time: Seconds;
  /** As the API says it: `2026-11-24`. */
  readonly date: string;
}

/** The first bar of each FX day; where the first of the days began is not known. */
export function dayMarks(bars: readonly Pick<ChartBar, "time">[], boundary: BoundaryName): readonly DayMark[] {
  const marks: DayMark[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { time } of bars) {
    if (time < end) continue;
    marks.push({ time, date: fxDayName(time * US_PER_SECOND, BOUNDARIES[boundary]) });
    end = bucketEndOf(time, { interval: "1d", boundary });
  }
  return marks;
}

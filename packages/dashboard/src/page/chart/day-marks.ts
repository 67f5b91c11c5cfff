import { fxDayName } from "@fx-ohlc/schemas/calendar";
import type { Interval } from "@fx-ohlc/schemas/interval";
import { INTERVALS } from "@fx-ohlc/schemas/interval";
import { dayOf } from "../bars/buckets.js";
import type { ChartBar } from "../bars/chart-bar.js";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import { dateText } from "../format/time.js";
import type { DayMark } from "./day-lines.js";

/** Bars of a day and more have no day within them. */
export function showsDays(interval: Interval): boolean {
  return INTERVALS.indexOf(interval) < INTERVALS.indexOf("1d");
}

/** The name of the FX day a time lies in, as people write dates: `Tue 25 Nov`. */
function dayName(time: number, boundary: BoundaryName): string {
  return dateText(Date.parse(fxDayName(time * 1_000_000, BOUNDARIES[boundary])) / 1000);
}

/** The first bar of each FX day, but that of the first day: where it began is not known. */
export function dayMarks(bars: readonly Pick<ChartBar, "time">[], boundary: BoundaryName): readonly DayMark[] {
  const marks: DayMark[] = [];
  let day: number | undefined;
  for (const { time } of bars) {
    const next = dayOf(time, boundary);
    if (day !== undefined && next !== day) marks.push({ time, name: dayName(time, boundary) });
    day = next;
  }
  return marks;
}

import { fxDayName } from "@fx-ohlc/schemas/calendar";
import { US_PER_SECOND } from "@fx-ohlc/schemas/time";
import { dayOf } from "../bars/buckets.js";
import type { ChartBar } from "../bars/chart-bar.js";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import { dateText } from "../format/time.js";
import type { DayMark } from "./day-lines.js";

/** The name of the FX day a time lies in, as people write dates: `Tue 25 Nov`. */
function dayName(time: number, boundary: BoundaryName): string {
  return dateText(Date.parse(fxDayName(time * US_PER_SECOND, BOUNDARIES[boundary])) / 1000);
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

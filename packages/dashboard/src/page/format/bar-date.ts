import { fxDayName } from "@fx-ohlc/schemas/calendar";
import { type Interval, isOfDays } from "@fx-ohlc/schemas/interval";
import { US_PER_SECOND } from "@fx-ohlc/schemas/time";
import type { ChartBar } from "../bars/chart-bar.js";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import { dateTimeText, fullDateText, secondText } from "./time.js";
import { ZONES, type ZoneName } from "./zone.js";

/** What a chart's times are told by. */
export interface BarDating {
  readonly interval: Interval;
  readonly boundary: BoundaryName;
  readonly zone: ZoneName;
}

const QUARTERS = ["Q1", "Q2", "Q3", "Q4"];

/** When a bar is: from a day up by the API's own `date`, below that when it began, in the zone and with its name. */
export function barDateText(
  { time, date }: Pick<ChartBar, "time" | "date">,
  { interval, boundary, zone }: BarDating,
): string {
  if (!isOfDays(interval)) {
    const seconds = time % 60 === 0 && !interval.endsWith("s") ? "" : `:${secondText(time).slice(-2)}`;
    return `${dateTimeText(time, zone)}${seconds} ${ZONES[zone].text}`;
  }
  const name = date ?? fxDayName(time * US_PER_SECOND, BOUNDARIES[boundary]);
  const text = fullDateText(Date.parse(name) / 1_000);
  const [, , month, year] = text.split(" ");
  if (interval === "1w") return `Week of ${text}`;
  if (interval === "1M") return `${month} ${year}`;
  if (interval === "3M") return `${QUARTERS[Math.floor((Number(name.slice(5, 7)) - 1) / 3)]} ${year}`;
  return interval === "1y" ? `${year}` : text;
}

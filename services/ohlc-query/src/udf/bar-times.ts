import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  fxDayName,
  type Interval,
  isOfDays,
  type Micros,
  parseTime,
  startOfNamedDay,
  US_PER_DAY,
} from "@fx-ohlc/schemas";

/** How bars of an interval are dated: by their market's own day. */
export interface Dating {
  readonly interval: Interval;
  readonly boundary: DayBoundary;
}

/** The time TradingView expects of a bar: its start; of a day's bar or a longer one, midnight UTC of its name. */
export function barTime(bucketUs: Micros, { interval, boundary }: Dating): Micros {
  return isOfDays(interval) ? (parseTime(`${fxDayName(bucketUs, boundary)}T00:00:00Z`) ?? 0) : bucketUs;
}

/** Where the first bucket starts whose bar has this time or a later one. */
export function bucketAtOrAfter(timeUs: Micros, dating: Dating): Micros {
  const { interval, boundary } = dating;
  if (!isOfDays(interval)) return timeUs;
  const named = startOfNamedDay(Math.ceil(timeUs / US_PER_DAY), boundary);
  const bucketUs = bucketStart(named, interval, boundary);
  return barTime(bucketUs, dating) >= timeUs ? bucketUs : bucketEnd(bucketUs, interval, boundary);
}

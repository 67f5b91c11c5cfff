import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  fxDayName,
  type Interval,
  isClosedThroughout,
  isOfDays,
  type MarketSession,
  type Micros,
  parseTime,
  startOfNamedDay,
  US_PER_DAY,
} from "@fx-ohlc/schemas";

/** How bars of an interval are dated: by their market's own day. */
export interface Dating {
  readonly interval: Interval;
  readonly boundary: DayBoundary;
  readonly session: MarketSession;
}

/** The first date from `date` on whose FX day the market is open in; one of the next seven is. */
function firstTradingDate(date: number, { boundary, session }: Dating): number {
  const isClosed = (day: number) =>
    isClosedThroughout(session, startOfNamedDay(day, boundary), startOfNamedDay(day + 1, boundary));
  let trading = date;
  while (trading < date + 7 && isClosed(trading)) trading += 1;
  return trading;
}

/**
 * The time TradingView expects of a bar: its start; of a day's bar, midnight UTC of the trading day's date; of a week's or a
 * month's, that of its first trading day.
 */
export function barTime(bucketUs: Micros, dating: Dating): Micros {
  const { interval, boundary } = dating;
  if (!isOfDays(interval)) return bucketUs;
  const dateUs = parseTime(`${fxDayName(bucketUs, boundary)}T00:00:00Z`) ?? 0;
  return interval === "1d" ? dateUs : firstTradingDate(dateUs / US_PER_DAY, dating) * US_PER_DAY;
}

/** Where the first bucket starts whose bar has this time or a later one. */
export function bucketAtOrAfter(timeUs: Micros, dating: Dating): Micros {
  const { interval, boundary } = dating;
  if (!isOfDays(interval)) return timeUs;
  const named = startOfNamedDay(Math.ceil(timeUs / US_PER_DAY), boundary);
  const bucketUs = bucketStart(named, interval, boundary);
  return barTime(bucketUs, dating) >= timeUs ? bucketUs : bucketEnd(bucketUs, interval, boundary);
}

import { type DayBoundary, isTimezone } from "@fx-ohlc/schemas";
import { Temporal } from "temporal-polyfill";

const FIRST_YEAR = 1970;
const LAST_YEAR = 2050;
const NS_PER_HOUR = 3_600_000_000_000;

function problemOfTransition(
  before: Temporal.ZonedDateTime,
  after: Temporal.ZonedDateTime,
  hour: number,
): string | undefined {
  if (after.offsetNanoseconds % NS_PER_HOUR !== 0) return "is not on a whole hour of UTC";
  const repeatedFrom = after.toPlainDateTime();
  const repeatedTo = before.toPlainDateTime().add({ nanoseconds: 1 });
  const boundary = repeatedFrom.with({ hour, minute: 0, second: 0, millisecond: 0, microsecond: 0, nanosecond: 0 });
  const inside =
    Temporal.PlainDateTime.compare(boundary, repeatedFrom) >= 0 &&
    Temporal.PlainDateTime.compare(boundary, repeatedTo) < 0;
  return inside ? `happens twice on ${repeatedFrom.toPlainDate()}, when the clocks go back` : undefined;
}

/**
 * Why day bars cannot be stored with this boundary, or undefined when they can. A stored boundary must be a whole hour of
 * UTC (days are made of hours) and happen once a day; any other boundary is answered from smaller bars when asked for.
 */
export function storedBoundaryProblem({ hour, timezone }: DayBoundary): string | undefined {
  if (!isTimezone(timezone)) return `DAY_TIMEZONE is not an IANA time zone`;
  let at = new Temporal.PlainDate(FIRST_YEAR, 1, 1).toZonedDateTime(timezone);
  if (at.offsetNanoseconds % NS_PER_HOUR !== 0) return `${hour}:00 in ${timezone} is not on a whole hour of UTC`;
  for (
    let next = at.getTimeZoneTransition("next");
    next !== null && next.year <= LAST_YEAR;
    next = at.getTimeZoneTransition("next")
  ) {
    const problem = problemOfTransition(next.subtract({ nanoseconds: 1 }), next, hour);
    if (problem !== undefined) return `${hour}:00 in ${timezone} ${problem}`;
    at = next;
  }
  return undefined;
}

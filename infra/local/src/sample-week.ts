import { type Micros, parseTime, US_PER_SECOND } from "@fx-ohlc/schemas";
import { Temporal } from "temporal-polyfill";

/** The week in `infra/sample`: from the open on Sunday, 17:00 in New York, to the close on Friday. */
export const SAMPLE_WEEK = {
  file: "infra/sample/eurusd-ticks-2014-05-04_09.csv.gz",
  quotes: 248_039,
  firstUs: requireTime("2014-05-04T21:00:00.462Z"),
  lastUs: requireTime("2014-05-09T20:59:58.835Z"),
} as const;

const MARKET_TIMEZONE = "America/New_York";
const DAYS_PER_WEEK = 7;

function requireTime(text: string): Micros {
  const us = parseTime(text);
  if (us === undefined) throw new RangeError(`${text} is no time`);
  return us;
}

/**
 * How far to move the sample so that it ends at or before `nowUs`: by whole weeks of New York's local time, so that the
 * market still opens on Sunday at 17:00 there. One shift fits all of it, because clocks change on Sundays at 2:00, when the
 * market is closed.
 *
 * @returns microseconds, always whole hours
 */
export function sampleShiftUs(nowUs: Micros): Micros {
  const end = inNewYork(SAMPLE_WEEK.lastUs);
  const weeks = Math.floor(inNewYork(nowUs).since(end, { largestUnit: "days" }).days / DAYS_PER_WEEK);
  // The time that is left of the last day must have passed too: then `since` has not counted that day.
  return microsOf(end.add({ days: weeks * DAYS_PER_WEEK })) - SAMPLE_WEEK.lastUs;
}

/** Whether the sample could have been stored with that shift. */
export function isSampleShift(shiftUs: Micros): boolean {
  return sampleShiftUs(SAMPLE_WEEK.lastUs + shiftUs) === shiftUs;
}

function inNewYork(us: Micros): Temporal.ZonedDateTime {
  // The sample's times are whole milliseconds; of the present less is needed.
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(us / 1000)).toZonedDateTimeISO(MARKET_TIMEZONE);
}

function microsOf(time: Temporal.ZonedDateTime): Micros {
  return time.epochMilliseconds * 1000;
}

/** A shift as `fx-ticks import --shift` takes it. */
export function shiftArgument(shiftUs: Micros): string {
  return String(shiftUs / US_PER_SECOND);
}

import { type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from "@fx-ohlc/schemas";

/** What a clock on a wall reads, as microseconds since 1970 of that clock, and how far it is ahead of UTC where that is said. */
export interface WallTime {
  readonly wallUs: Micros;
  readonly offsetUs: Micros | undefined;
}

/** Which comes first where a date begins with neither its year nor a name of a month. */
export type DateOrder = "dmy" | "mdy";

/** Why a text is no time: none that is known, or one whose day and month cannot be told apart. */
export type NoWallTime = "unknown" | "order";

const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d+))?)?(?:\s*([AaPp])\.?[Mm]\.?)?`;
/** Fractions of other lengths are left out: eight digits too many would be a fraction as well as a mistake. */
const COMPACT_CLOCK = String.raw`(\d{2})(\d{2})(\d{2})(?:[.,](\d+)|(\d{3}|\d{6}|\d{9}))?`;
const ZONE = String.raw`(?:\s*(?:([Zz]|UTC|GMT)|(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?))?`;
const TIME = `(?:${CLOCK}|${COMPACT_CLOCK})${ZONE}$`;
const GAP = String.raw`(?:[Tt_,;]\s*|\s+)`;
const WEEKDAY = String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?`;

const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-./](\d{1,2})[-./](\d{1,2})${GAP}${TIME}`);
const COMPACT = new RegExp(String.raw`^(\d{4})(\d{2})(\d{2})(?:[-Tt_\s]\s*)?${TIME}`);
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})[-./](\d{1,2})[-./](\d{4})${GAP}${TIME}`);
const DAY_NAME = new RegExp(String.raw`^${WEEKDAY}(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/.,\s]+(\d{4})(?::|${GAP})${TIME}`);
const NAME_DAY = new RegExp(String.raw`^${WEEKDAY}([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})${GAP}${TIME}`);

const MONTHS = "january february march april may june july august september october november december".split(" ");

/** 1 to 12 of an English name or its beginning; NaN for no month. */
export function monthOfName(name: string): number {
  const index = name.length < 3 ? -1 : MONTHS.findIndex((month) => month.startsWith(name.toLowerCase()));
  return index === -1 ? Number.NaN : index + 1;
}

/** Microseconds of the digits behind a decimal point, cut. */
export function fractionUs(digits: string): Micros {
  return Number(digits.slice(0, 6).padEnd(6, "0"));
}

/** Midnight of a date; NaN for one that no calendar has. */
export function dateUs(year: number, month: number, day: number): Micros {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() * 1000 : Number.NaN;
}

/** Microseconds since midnight; NaN for no time of day. */
export function clockUs(hour: number, minute: number, second: number, fraction: Micros): Micros {
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  return hour * US_PER_HOUR + minute * US_PER_MINUTE + second * US_PER_SECOND + fraction;
}

/** The hour of 24 that one of 12 is; NaN for none of 12. */
export function hourOf12(hour: number, half: string): number {
  if (!(hour >= 1 && hour <= 12)) return Number.NaN;
  return (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
}

/** The offset that a sign and digits write; NaN for none. */
export function offsetUs(sign: string, hours: number, minutes: number): Micros {
  if (!(hours <= 18 && minutes <= 59)) return Number.NaN;
  return (sign === "-" ? -1 : 1) * (hours * US_PER_HOUR + minutes * US_PER_MINUTE);
}

/** What the groups of {@link TIME} say, from the fourth one on. */
function timeOf(midnightUs: Micros, match: RegExpExecArray): WallTime | NoWallTime {
  const [hour, minute, second = "0", fraction, half, h2, m2, s2, f2, f3, utc, sign, ahead, aheadMinutes] =
    match.slice(4);
  const hours = half === undefined ? Number(hour ?? h2) : hourOf12(Number(hour), half);
  const digits = fraction ?? f2 ?? f3 ?? "";
  const us = clockUs(hours, Number(minute ?? m2), Number(s2 ?? second), fractionUs(digits));
  const zoneUs = sign === undefined ? 0 : offsetUs(sign, Number(ahead), Number(aheadMinutes ?? 0));
  const wallUs = midnightUs + us;
  if (Number.isNaN(wallUs + zoneUs)) return "unknown";
  return { wallUs, offsetUs: utc === undefined && sign === undefined ? undefined : zoneUs };
}

/** Whether a text begins with a date whose day and month only {@link DateOrder} tells apart, and the two numbers. */
export function dayAndMonth(text: string): readonly [number, number] | undefined {
  const match = YEAR_LAST.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/**
 * Reads a time in any spelling that can be read in one way only: RFC 3339 and its relatives, 2024.01.02 10:00:00.123, 20240102
 * 100000123, 02-Jan-2024 10:00 AM. Two digits for a year are no year.
 *
 * @param order of dates such as 02.01.2024 and 01/02/2024
 */
export function wallTime(text: string, order: DateOrder | undefined): WallTime | NoWallTime {
  const yearFirst = YEAR_FIRST.exec(text) ?? COMPACT.exec(text);
  if (yearFirst !== null) {
    return timeOf(dateUs(Number(yearFirst[1]), Number(yearFirst[2]), Number(yearFirst[3])), yearFirst);
  }
  const yearLast = YEAR_LAST.exec(text);
  if (yearLast !== null) {
    if (order === undefined) return "order";
    const [first, second] = [Number(yearLast[1]), Number(yearLast[2])];
    const [day, month] = order === "dmy" ? [first, second] : [second, first];
    return timeOf(dateUs(Number(yearLast[3]), month, day), yearLast);
  }
  const dayName = DAY_NAME.exec(text);
  if (dayName !== null)
    return timeOf(dateUs(Number(dayName[3]), monthOfName(dayName[2] ?? ""), Number(dayName[1])), dayName);
  const nameDay = NAME_DAY.exec(text);
  if (nameDay !== null)
    return timeOf(dateUs(Number(nameDay[3]), monthOfName(nameDay[1] ?? ""), Number(nameDay[2])), nameDay);
  return "unknown";
}

/** The day of a wall time, for caches. */
export function dayOf(wallUs: Micros): number {
  return Math.floor(wallUs / US_PER_DAY);
}

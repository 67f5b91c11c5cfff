/**
 * Instants are integer microseconds since 1970-01-01T00:00:00Z, carried as JavaScript numbers: exact up to the year 2255,
 * where a Date would lose everything below a millisecond.
 */
export type Micros = number;

export const US_PER_SECOND = 1_000_000;
export const US_PER_MINUTE = 60 * US_PER_SECOND;
export const US_PER_HOUR = 60 * US_PER_MINUTE;
export const US_PER_DAY = 24 * US_PER_HOUR;

/** The latest instant that is exact to the microsecond, in 2255. */
export const LATEST_US: Micros = 9_000_000_000_000_000;

/** There is no year 0 in most calendars, PostgreSQL's among them: 0001-01-01T00:00:00Z. */
const EARLIEST_US: Micros = -62_135_596_800_000_000;

/** What every refusal of a time says, but for those that {@link timeProblem} knows better. */
export const TIME_RULE = "must be an RFC 3339 time with Z or an offset, such as 2025-12-05T10:00:00.123456Z";

const DATE_LENGTH = "2025-12-05".length;
const MINUTES_LENGTH = "2025-12-05T10:00".length;
const SECONDS_LENGTH = "2025-12-05T10:00:00".length;
const FRACTION_DIGITS_MAX = 6;
/** Go, Java and pandas write nanoseconds: what is finer than a microsecond is cut. */
const WRITTEN_DIGITS_MAX = 9;

let lastDateText = "";
let lastDateUs: Micros | undefined;

/** Midnight UTC of `YYYY-MM-DD`; undefined for a date that no calendar has. Ticks come day by day, so the last one is kept. */
function parseDate(text: string): Micros | undefined {
  if (text === lastDateText) return lastDateUs;
  const ms = Date.parse(`${text}T00:00:00Z`);
  const exists = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${text}T`);
  lastDateText = text;
  lastDateUs = exists ? ms * 1000 : undefined;
  return lastDateUs;
}

/** The number that the digits of [from, to) make; NaN when one of them is none. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Seconds since midnight of the `HH:MM` at 11, and of `:SS` where it goes on to 19; NaN when there is none. */
function secondOfDay(text: string, hasSeconds: boolean): number {
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = hasSeconds ? digits(text, 17, 19) : 0;
  const inRange = hour <= 23 && minute <= 59 && second <= 59 && text[13] === ":";
  return inRange ? hour * 3600 + minute * 60 + second : Number.NaN;
}

/** Where the fraction that starts at `from` with a point ends; `from` when there is none. */
function fractionEnd(text: string, from: number): number {
  if (text[from] !== ".") return from;
  let at = from + 1;
  while (at <= from + WRITTEN_DIGITS_MAX && !Number.isNaN(digits(text, at, at + 1))) at += 1;
  return at;
}

/** The microseconds of the fraction [from, to), its point among it; NaN of a point alone. */
function fractionUs(text: string, from: number, to: number): Micros {
  if (from === to) return 0;
  const end = Math.min(to, from + 1 + FRACTION_DIGITS_MAX);
  return to === from + 1 ? Number.NaN : digits(text, from + 1, end) * 10 ** (FRACTION_DIGITS_MAX - (end - from - 1));
}

/** The offset from UTC that makes up the rest of a time, with a space before it or not; NaN when the rest is none. */
function parseOffsetUs(text: string, start: number): number {
  const from = text[start] === " " ? start + 1 : start;
  const sign = text[from];
  if (text.length === from + 1) return sign === "Z" || sign === "z" ? 0 : Number.NaN;
  if (sign !== "+" && sign !== "-")
    return from > start && text.endsWith("UTC") && text.length === from + 3 ? 0 : Number.NaN;
  const hours = digits(text, from + 1, from + 3);
  const minutesFrom = text[from + 3] === ":" ? from + 4 : from + 3;
  const isWhole = text.length === from + 3;
  const minutes = isWhole ? 0 : digits(text, minutesFrom, minutesFrom + 2);
  const fits = (isWhole || text.length === minutesFrom + 2) && hours <= 23 && minutes <= 59;
  if (!fits) return Number.NaN;
  const offset = hours * US_PER_HOUR + minutes * US_PER_MINUTE;
  return sign === "+" ? offset : -offset;
}

/**
 * Reads an RFC 3339 time in the spellings that are in use: a space for the `T`, no seconds, up to nine fraction digits, of which six
 * count, and `Z`, `+00:00`, `+0000`, `+00` or ` UTC`, a space before it or not. A time without an offset, of year 0 or with second 60
 * is refused. Read character by character: every tick passes here, and a regular expression takes four times as long.
 *
 * @returns microseconds since 1970 (negative before), or undefined when `raw` is not such a time
 */
export function parseTime(raw: unknown): Micros | undefined {
  if (typeof raw !== "string") return undefined;
  const separator = raw[DATE_LENGTH];
  const isSeparated = separator === "T" || separator === "t" || separator === " ";
  const dateUs = isSeparated ? parseDate(raw.slice(0, DATE_LENGTH)) : undefined;
  if (dateUs === undefined) return undefined;
  const hasSeconds = raw[MINUTES_LENGTH] === ":";
  const clockEnd = hasSeconds ? SECONDS_LENGTH : MINUTES_LENGTH;
  const end = hasSeconds ? fractionEnd(raw, clockEnd) : clockEnd;
  const us =
    dateUs + secondOfDay(raw, hasSeconds) * US_PER_SECOND + fractionUs(raw, clockEnd, end) - parseOffsetUs(raw, end);
  return us >= EARLIEST_US ? us : undefined;
}

const LEAP_SECOND = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:60/;

/** Why {@link parseTime} refuses a value. */
export function timeProblem(raw: unknown): string {
  if (typeof raw === "string" && LEAP_SECOND.test(raw)) return "has the leap second :60, which is not kept: send :59";
  return TIME_RULE;
}

/** The units in which times are written as numbers. */
export const TIME_UNITS = ["s", "ms", "us", "ns"] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** As digits and zeros: a double does not hold nanoseconds of our days. */
const DIGITS = /^\d{1,19}$/;

/**
 * The instant since 1970 that a whole number of some unit writes; what is finer than a microsecond is cut.
 *
 * @returns undefined when it is no such number
 */
export function timeOfDigits(text: string, unit: TimeUnit): Micros | undefined {
  if (!DIGITS.test(text)) return undefined;
  if (unit === "ns") return Number(text.slice(0, -3));
  const us = Number(text) * US_OF[unit];
  return Number.isSafeInteger(us) ? us : undefined;
}

/** The unit of a number of so many digits: the lengths of this century do not meet. */
const UNIT_OF_LENGTH: Readonly<Record<number, TimeUnit>> = { 10: "s", 13: "ms", 16: "us", 19: "ns" };

/**
 * Reads what begins or ends a range: a time, a date, which is its midnight UTC, or a whole number since 1970 whose length says its
 * unit.
 */
export function parseRangeTime(raw: unknown): Micros | undefined {
  if (typeof raw !== "string") return undefined;
  const unit = UNIT_OF_LENGTH[raw.length];
  const epochUs = unit === undefined ? undefined : timeOfDigits(raw, unit);
  return epochUs ?? (raw.length === DATE_LENGTH ? parseTime(`${raw}T00:00:00Z`) : parseTime(raw));
}

const US_OF = { s: US_PER_SECOND, ms: 1000, us: 1 } as const;

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

let lastDay = Number.NaN;
let lastDayText = "";

/** `YYYY-MM-DDT` of a day since 1970. */
function dayText(day: number): string {
  if (day !== lastDay) {
    lastDay = day;
    lastDayText = new Date(day * 86_400_000).toISOString().slice(0, DATE_LENGTH + 1);
  }
  return lastDayText;
}

/** `YYYY-MM-DDTHH:MM:SS` of a whole second since 1970. */
function secondText(second: number): string {
  const day = Math.floor(second / 86_400);
  const rest = second - day * 86_400;
  const hour = Math.floor(rest / 3600);
  const minute = Math.floor(rest / 60) - hour * 60;
  return `${dayText(day)}${TWO_DIGITS[hour]}:${TWO_DIGITS[minute]}:${TWO_DIGITS[rest % 60]}`;
}

/** A tick's time on the wire: six fraction digits, `2025-12-05T10:00:00.123456Z`. */
export function formatTime(us: Micros): string {
  const second = Math.floor(us / US_PER_SECOND);
  const fraction = us - second * US_PER_SECOND;
  return `${secondText(second)}.${String(fraction).padStart(FRACTION_DIGITS_MAX, "0")}Z`;
}

/** A bucket on the wire: whole seconds, `2025-12-05T10:00:00Z`. */
export function formatBucket(us: Micros): string {
  return `${secondText(Math.floor(us / US_PER_SECOND))}Z`;
}

/** The machine's clock in microseconds (its resolution is a millisecond). */
export function nowUs(): Micros {
  return Date.now() * 1000;
}

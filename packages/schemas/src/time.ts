/**
 * Instants are integer microseconds since 1970-01-01T00:00:00Z, carried as JavaScript numbers: exact up to the year 2255,
 * where a Date would lose everything below a millisecond.
 */
export type Micros = number;

export const US_PER_SECOND = 1_000_000;
export const US_PER_MINUTE = 60 * US_PER_SECOND;
export const US_PER_HOUR = 60 * US_PER_MINUTE;
export const US_PER_DAY = 24 * US_PER_HOUR;

/** What every refusal of a time says. */
export const TIME_RULE = "must be an RFC 3339 time with Z or an offset and at most six fraction digits";

const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

let lastDateText = "";
let lastDateUs: Micros | undefined;

/** Midnight UTC of `YYYY-MM-DD`; undefined for a date that no calendar has. Ticks come day by day, so the last one is kept. */
function parseDate(text: string): Micros | undefined {
  if (text === lastDateText) return lastDateUs;
  const ms = Date.parse(`${text}T00:00:00Z`);
  const exists = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
  lastDateText = text;
  lastDateUs = exists ? ms * 1000 : undefined;
  return lastDateUs;
}

/**
 * Reads an RFC 3339 time. A time without an offset, with more than six fraction digits or with second 60 is refused.
 *
 * @returns microseconds since 1970 (negative before), or undefined when `raw` is not such a time
 */
export function parseTime(raw: unknown): Micros | undefined {
  if (typeof raw !== "string") return undefined;
  const match = RFC3339.exec(raw);
  if (match === null) return undefined;
  const [, date = "", hours = "", minutes = "", seconds = "", fraction = "", sign, offsetHours, offsetMinutes] = match;
  const dateUs = parseDate(date);
  if (dateUs === undefined) return undefined;
  const secondOfDay = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const utc = dateUs + secondOfDay * US_PER_SECOND + (fraction === "" ? 0 : Number(fraction.padEnd(6, "0")));
  if (sign === undefined) return utc;
  const offset = Number(offsetHours) * US_PER_HOUR + Number(offsetMinutes) * US_PER_MINUTE;
  return sign === "-" ? utc + offset : utc - offset;
}

/** `00` to `59`. */
const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

let lastDay = Number.NaN;
let lastDayText = "";

/** `YYYY-MM-DDTHH:MM:SS` of a whole second since 1970. The date is the dear part and changes once a day, so it is kept. */
function secondText(second: number): string {
  const day = Math.floor(second / 86_400);
  if (day !== lastDay) {
    lastDay = day;
    lastDayText = new Date(day * 86_400_000).toISOString().slice(0, "YYYY-MM-DDT".length);
  }
  const secondOfDay = second - day * 86_400;
  const minuteOfDay = Math.floor(secondOfDay / 60);
  const hour = TWO_DIGITS[Math.floor(minuteOfDay / 60)];
  return `${lastDayText}${hour}:${TWO_DIGITS[minuteOfDay % 60]}:${TWO_DIGITS[secondOfDay % 60]}`;
}

/** A tick's time on the wire: six fraction digits, `2025-12-05T10:00:00.123456Z`. */
export function formatTime(us: Micros): string {
  const second = Math.floor(us / US_PER_SECOND);
  const fraction = us - second * US_PER_SECOND;
  return `${secondText(second)}.${String(fraction).padStart(6, "0")}Z`;
}

/** A bucket on the wire: whole seconds, `2025-12-05T10:00:00Z`. */
export function formatBucket(us: Micros): string {
  return `${secondText(Math.floor(us / US_PER_SECOND))}Z`;
}

/** The machine's clock in microseconds (its resolution is a millisecond). */
export function nowUs(): Micros {
  return Date.now() * 1000;
}

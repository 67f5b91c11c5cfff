import { formatTime, type Micros, parseTime, timeOfDigits, US_PER_SECOND } from "@fx-ohlc/schemas";

/** A number of seconds or milliseconds with its fraction. */
const DECIMAL = /^(\d{10}|\d{13})(?:\.(\d+))?$/;
/** Digits of the units that are finer than a millisecond. */
const FINE_DIGITS = { 16: "us", 19: "ns" } as const;

function epochUs(text: string): Micros | undefined {
  if (text.length === 16 || text.length === 19) {
    const us = timeOfDigits(text, FINE_DIGITS[text.length]);
    if (us !== undefined) return us;
  }
  const [, whole, fraction = ""] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const isSeconds = whole.length === 10;
  const digits = fraction.padEnd(6, "0").slice(0, isSeconds ? 6 : 3);
  return isSeconds ? Number(whole) * US_PER_SECOND + Number(digits) : Number(whole) * 1000 + Number(digits);
}

function timeUs(value: unknown): Micros | undefined {
  if (typeof value === "number") return epochUs(String(value));
  return typeof value === "string" ? (epochUs(value) ?? parseTime(value)) : undefined;
}

/**
 * The time of a ticker or a trade, as finely as the venue said it. ccxt knows milliseconds; where a field of what the venue sent is the
 * same time with more digits, that is taken, digit by digit.
 *
 * @param timestampMs ccxt's, which may have a fraction; undefined where the venue says no time
 * @param info what the venue sent
 */
export function exactTime(timestampMs: number | undefined, info: unknown): string | undefined {
  if (timestampMs === undefined || !(timestampMs > 0)) return undefined;
  const us = epochUs(String(timestampMs)) ?? Math.trunc(timestampMs) * 1000;
  if (typeof info !== "object" || info === null) return formatTime(us);
  const finer = Object.values(info)
    .map(timeUs)
    .find((own) => own !== undefined && own % 1000 !== 0 && Math.floor(own / 1000) === Math.floor(us / 1000));
  return formatTime(finer ?? us);
}

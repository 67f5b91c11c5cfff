import {
  type Micros,
  normalizeSymbol,
  parseTime,
  SYMBOL_RULE,
  US_PER_DAY,
  US_PER_HOUR,
  US_PER_MINUTE,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import { InvalidArgumentError } from "commander";

const DURATION = /^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const UNITS_US = [7 * US_PER_DAY, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND];

/** Reads `604800`, `-3600` (seconds) or `P604WT1H`, `-P1D` (ISO 8601, weeks to seconds). */
export function parseShift(raw: string): Micros {
  if (/^[+-]?\d{1,11}$/.test(raw)) return Number(raw) * US_PER_SECOND;
  const match = DURATION.exec(raw);
  const counts = match?.slice(2) ?? [];
  if (counts.every((count) => count === undefined)) {
    throw new InvalidArgumentError("It must be whole seconds or an ISO 8601 duration such as P604WT1H.");
  }
  const us = counts.reduce((sum, count, index) => sum + Number(count ?? 0) * (UNITS_US[index] ?? 0), 0);
  return match?.[1] === "-" ? -us : us;
}

export function parseSymbol(raw: string): string {
  const symbol = normalizeSymbol(raw);
  if (symbol === undefined) throw new InvalidArgumentError(`It ${SYMBOL_RULE}.`);
  return symbol;
}

export function parseSymbols(raw: string): string[] {
  return [...new Set(raw.split(",").map(parseSymbol))];
}

/** Reads an `http(s)` address. */
export function parseUrl(raw: string): string {
  if (!URL.canParse(raw) || !/^https?:$/.test(new URL(raw).protocol)) {
    throw new InvalidArgumentError("It must be an address such as http://localhost:8000.");
  }
  return raw.replace(/\/+$/, "");
}

/** Reads a date, which is its midnight in UTC, or an RFC 3339 time. */
export function parseInstant(raw: string): Micros {
  const us = parseTime(/^\d{4}-\d{2}-\d{2}$/.test(raw) ? `${raw}T00:00:00Z` : raw);
  if (us === undefined) {
    throw new InvalidArgumentError("It must be a date (2014-05-04, midnight UTC) or a time with Z or an offset.");
  }
  return us;
}

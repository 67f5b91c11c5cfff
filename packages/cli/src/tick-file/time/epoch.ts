import type { Micros } from "@fx-ohlc/schemas";
import { fractionUs } from "./wall-time.js";

/** What epoch numbers count. */
export const EPOCH_UNITS = ["s", "ms", "us", "ns"] as const;
export type EpochUnit = (typeof EPOCH_UNITS)[number];

export const UNIT_NAMES: Readonly<Record<EpochUnit, string>> = {
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
};

/** Digits of a microsecond's number that a unit lacks; those it has too many are cut. */
const MISSING_DIGITS: Readonly<Record<EpochUnit, number>> = { s: 6, ms: 3, us: 0, ns: -3 };

const NUMBER = /^(\d+)(?:\.(\d+))?$/;

/** The digits of a whole number of each unit between 1973 and 2286: no number is of two of them. */
const DIGITS: Readonly<Record<number, EpochUnit>> = {
  9: "s",
  10: "s",
  12: "ms",
  13: "ms",
  15: "us",
  16: "us",
  18: "ns",
  19: "ns",
};

/** What a number counts since 1970, by its magnitude; undefined for what is no such number. */
export function epochUnit(text: string): EpochUnit | undefined {
  const [, whole = ""] = NUMBER.exec(text) ?? [];
  return DIGITS[whole.length];
}

/** An epoch number as microseconds, finer ones cut; undefined for no number. */
export function epochTime(text: string, unit: EpochUnit): Micros | undefined {
  const [, whole, fraction = ""] = NUMBER.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const missing = MISSING_DIGITS[unit];
  if (missing < 0) return Number(whole.slice(0, missing));
  return Number(whole) * 10 ** missing + Math.floor(fractionUs(fraction) / 10 ** (6 - missing));
}

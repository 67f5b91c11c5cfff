import { parseArgs } from "node:util";
import { type Micros, nowUs, parseTime } from "@fx-ohlc/schemas";
import type { VerifyOptions } from "./verify-bars.js";

const USAGE = "fx-migrate verify [--symbol S] --start T [--end T] [--repair | --archive]";

/**
 * Reads what `fx-migrate verify` is asked.
 *
 * @throws Error that says what is missing or cannot be read
 */
export function verifyOptions(
  args: readonly string[],
): Omit<VerifyOptions, "url" | "log"> & { readonly archive: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      symbol: { type: "string" },
      start: { type: "string" },
      end: { type: "string" },
      repair: { type: "boolean", default: false },
      archive: { type: "boolean", default: false },
    },
  });
  const { symbol, start, end, repair, archive } = values;
  if (repair && archive) throw new Error(`--repair makes bars anew, and the archive is made anew by itself: ${USAGE}`);
  if (start === undefined) throw new Error(`--start is missing: ${USAGE}`);
  const range = {
    fromUs: parseBound("start", start, USAGE),
    toUs: end === undefined ? nowUs() : parseBound("end", end, USAGE),
  };
  if (range.fromUs >= range.toUs) throw new Error("--start must be before --end");
  return { ...range, symbol, repair, archive };
}

/**
 * Reads one end of a range: a time, or a date for its first moment.
 *
 * @throws Error
 */
export function parseBound(name: string, text: string, usage: string): Micros {
  const us = parseTime(text.length === "2025-12-05".length ? `${text}T00:00:00Z` : text);
  if (us === undefined) throw new Error(`--${name} must be a time such as 2025-12-05T10:00:00Z, or a date: ${usage}`);
  return us;
}

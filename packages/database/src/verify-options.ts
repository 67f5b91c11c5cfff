import { parseArgs } from "node:util";
import { nowUs, parseTime } from "@fx-ohlc/schemas";
import type { VerifyOptions } from "./verify-bars.js";

const USAGE = "fx-migrate verify [--symbol S] --start T [--end T] [--repair]";

/**
 * Reads what `fx-migrate verify` is asked.
 *
 * @throws Error that says what is missing or cannot be read
 */
export function verifyOptions(args: readonly string[]): Omit<VerifyOptions, "url" | "log"> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      symbol: { type: "string" },
      start: { type: "string" },
      end: { type: "string" },
      repair: { type: "boolean", default: false },
    },
  });
  const { symbol, start, end, repair } = values;
  if (start === undefined) throw new Error(`--start is missing: ${USAGE}`);
  const time = (name: string, text: string) => {
    const us = parseTime(text.length === "2025-12-05".length ? `${text}T00:00:00Z` : text);
    if (us === undefined) throw new Error(`--${name} must be a time such as 2025-12-05T10:00:00Z, or a date: ${USAGE}`);
    return us;
  };
  const range = { fromUs: time("start", start), toUs: end === undefined ? nowUs() : time("end", end) };
  if (range.fromUs >= range.toUs) throw new Error("--start must be before --end");
  return { ...range, symbol, repair };
}

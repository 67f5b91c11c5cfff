import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

/** One quote of the sample: its time as the vendor writes it, in milliseconds. */
export interface Quote {
  readonly time: string;
  readonly bid: number;
  readonly ask: number;
}

export type Side = "bid" | "ask";
export const SIDES: readonly Side[] = ["bid", "ask"];

/** Prices of one bucket. */
export interface Ohlc {
  /** As the API writes it. */
  readonly bucket: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

function rowsOf(file: string): string[][] {
  const path = fileURLToPath(new URL(`../../sample/${file}`, import.meta.url));
  const [, ...lines] = gunzipSync(readFileSync(path)).toString("utf8").trimEnd().split("\n");
  return lines.map((line) => line.split(","));
}

/** A week of real EURUSD quotes, in order; 2,501 of them share a stamp with another. */
export function readQuotes(): Quote[] {
  return rowsOf("eurusd-ticks-2014-05-04_09.csv.gz").map(([time = "", bid, ask]) => ({
    time,
    bid: Number(bid),
    ask: Number(ask),
  }));
}

/** The vendor's own minute bars of that week. */
export function readVendorBars(side: Side): Ohlc[] {
  const first = side === "bid" ? 1 : 5;
  return rowsOf("eurusd-minute-bars-2014-05-04_09.csv.gz").map((row) => {
    const [open = 0, high = 0, low = 0, close = 0] = row.slice(first, first + 4).map(Number);
    return { bucket: row[0] ?? "", open, high, low, close };
  });
}

import { addSums, type SpreadSum } from "@fx-ohlc/schemas";
import type { Bars } from "./bars.js";
import { noQuotes, QUOTE_COLUMNS, type QuoteArrays, type QuoteColumns } from "./quote-columns.js";

const HIGHEST = ["bidHigh", "askHigh", "spreadMax"] as const;
const LOWEST = ["bidLow", "askLow", "spreadMin"] as const;
const LAST = ["bidClose", "askClose"] as const;

/**
 * The quotes of longer bars, of those of the shorter ones they are made of.
 *
 * @param bucketUs where the longer ones start
 * @returns undefined where nobody asked for quotes
 */
export function foldQuotes(source: Bars, bucketUs: readonly number[]): QuoteArrays | undefined {
  if (source.parts[0]?.columns.quotes === undefined) return undefined;
  const folded = noQuotes(bucketUs.length);
  let place = 0;
  for (const { columns, from, to } of source.parts) {
    const { quotes } = columns;
    for (let i = from; i < to; i += 1) {
      const us = columns.bucketUs[i] ?? 0;
      while ((bucketUs[place + 1] ?? Number.POSITIVE_INFINITY) <= us) place += 1;
      if (quotes !== undefined && (quotes.quoteCount[i] ?? 0) > 0) add(folded, place, quotes, i);
    }
  }
  return folded;
}

/** Adds the quotes of one bar to those of a longer one, whose earlier ones it holds already. */
function add(folded: QuoteArrays, place: number, quotes: QuoteColumns, i: number): void {
  const of = (columns: QuoteColumns, name: keyof QuoteColumns, at: number) => columns[name][at] ?? 0;
  if (of(folded, "quoteCount", place) === 0) {
    for (const name of QUOTE_COLUMNS) folded[name][place] = of(quotes, name, i);
    return;
  }
  for (const name of HIGHEST) folded[name][place] = Math.max(of(folded, name, place), of(quotes, name, i));
  for (const name of LOWEST) folded[name][place] = Math.min(of(folded, name, place), of(quotes, name, i));
  for (const name of LAST) folded[name][place] = of(quotes, name, i);
  const { high, low, scale } = addSums(spreadSumAt(folded, place), spreadSumAt(quotes, i));
  folded.spreadHigh[place] = high;
  folded.spreadLow[place] = low;
  folded.spreadScale[place] = scale;
  folded.quoteCount[place] = of(folded, "quoteCount", place) + of(quotes, "quoteCount", i);
}

/** The sum of the spreads of a bar that has quotes. */
export function spreadSumAt({ spreadHigh, spreadLow, spreadScale }: QuoteColumns, place: number): SpreadSum {
  return { high: spreadHigh[place] ?? 0, low: spreadLow[place] ?? 0, scale: spreadScale[place] ?? 0 };
}

import type { Quote, Side } from "./sample-week.js";

/** One side of the week under a symbol of its own. */
export interface Series {
  readonly symbol: string;
  readonly side: Side;
}

/** Quotes that one request carries. */
export const CHUNK_QUOTES = 5_000;

/** Cuts the week into requests, never between quotes of one stamp: those are numbered within one request. */
export function chunksOf(quotes: readonly Quote[], size: number): Quote[][] {
  const chunks: Quote[][] = [];
  let chunk: Quote[] = [];
  for (const quote of quotes) {
    if (chunk.length >= size && chunk.at(-1)?.time !== quote.time) {
      chunks.push(chunk);
      chunk = [];
    }
    chunk.push(quote);
  }
  return [...chunks, chunk];
}

/** Some quotes as a CSV upload. */
export function csvOf(quotes: readonly Quote[], { symbol, side }: Series): string {
  const lines = quotes.map((quote) => `${quote.time},${symbol},${quote[side]}\n`);
  return `time,symbol,price\n${lines.join("")}`;
}

/** Some quotes as ticks of a JSON upload. */
export function ticksOf(quotes: readonly Quote[], { symbol, side }: Series) {
  return quotes.map(({ time, [side]: price }) => ({ time, symbol, price }));
}

/** The same items in another order, each as likely as any other. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

import type { NewTick, Sides } from "@fx-ohlc/schemas";

/** Symbols of one transaction: each has a lock, of which a server has a few thousand for all that run. */
export const COMMIT_SYMBOLS_MAX = 500;

/** The symbols of some ticks, each once. */
export function symbolsOf(ticks: readonly NewTick[]): string[] {
  const symbols = new Set<string>();
  let last: string | undefined;
  for (const { symbol } of ticks) {
    if (symbol !== last) symbols.add(symbol);
    last = symbol;
  }
  return [...symbols];
}

/** Those of them that some ticks are quotes of, each once. */
export function quotedOf(ticks: readonly (Sides & { readonly symbol: string })[]): string[] {
  const symbols = new Set<string>();
  let last: string | undefined;
  for (const { symbol, bid } of ticks) {
    if (bid === undefined || symbol === last) continue;
    symbols.add(symbol);
    last = symbol;
  }
  return [...symbols];
}

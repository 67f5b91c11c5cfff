/** What a sender may write for a symbol, before its length is looked at. */
export const SYMBOL_PATTERN = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)?$/;

/** Longest stored symbol; the database's check constraint says the same. */
export const SYMBOL_LENGTH_MAX = 10;

/** What every refusal of a symbol says. */
export const SYMBOL_RULE = "must be 1 to 10 of A-Z 0-9 . _ - (EUR/USD and eurusd are read as EURUSD)";

/**
 * The stored form of a symbol: upper case, one slash between two parts removed.
 *
 * @returns the symbol, or undefined when `raw` cannot be one
 */
export function normalizeSymbol(raw: unknown): string | undefined {
  if (typeof raw !== "string" || !SYMBOL_PATTERN.test(raw)) return undefined;
  const symbol = raw.replace("/", "").toUpperCase();
  return symbol.length <= SYMBOL_LENGTH_MAX ? symbol : undefined;
}

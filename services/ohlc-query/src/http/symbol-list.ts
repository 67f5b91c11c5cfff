import type { BarsQuery, FieldError } from "@fx-ohlc/schemas";
import { invalid } from "@fx-ohlc/service-kit";

/** Symbols of one answer: each costs some index probes. */
const SYMBOLS_MAX = 100;

/** @throws Problem 422 for more symbols than one answer is of */
export function requireFew(symbols: readonly string[]): void {
  if (symbols.length <= SYMBOLS_MAX) return;
  throw invalid([{ field: "symbol", message: `must name at most ${SYMBOLS_MAX} symbols` }]);
}

/**
 * The symbols of a query, in the order of their names, as their rows are.
 *
 * @throws Problem 422 for too many
 */
export function symbolsOf({ symbol }: Pick<BarsQuery, "symbol">): readonly [string, ...string[]] {
  requireFew(symbol);
  // A checked list is never empty.
  const [first = "", ...others] = symbol.length > 1 ? [...symbol].sort() : symbol;
  return [first, ...others];
}

/** Parameters that are for one symbol, or for several. */
export function severalErrors({ symbol, count, format, first_start: firstStart }: Partial<BarsQuery>): FieldError[] {
  const errors: FieldError[] = [];
  if (symbol !== undefined && symbol.length > 1) {
    if (count !== undefined) {
      errors.push({ field: "count", message: "takes the last bars of one symbol: of several give start and limit" });
    }
    if (format === "ccxt") {
      errors.push({ field: "format", message: "ccxt has no place for symbols: give one of them, or another format" });
    }
  } else if (firstStart !== undefined) {
    errors.push({ field: "first_start", message: "is the cursor of several symbols: of one give start" });
  }
  return errors;
}

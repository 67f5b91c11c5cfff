import { normalizeSymbol, SYMBOL_RULE } from "@fx-ohlc/schemas";
import { InvalidArgumentError } from "commander";

/** What symbols of a venue are stored as. */
export type SymbolNames = ReadonlyMap<string, string>;

/** Reads `EUR/USD=EURUSD,BTC/USDT:USDT=BTCPERP`. */
export function parseNames(raw: string): SymbolNames {
  return new Map(
    raw.split(",").map((pair) => {
      const [from = "", to = "", more] = pair.split("=").map((part) => part.trim());
      const symbol = normalizeSymbol(to);
      if (from === "" || more !== undefined)
        throw new InvalidArgumentError("It must be like EUR/USD=EURUSD,XAU_USD=GOLD.");
      if (symbol === undefined) throw new InvalidArgumentError(`${to || `What ${from} is stored as`} ${SYMBOL_RULE}.`);
      return [from, symbol] as const;
    }),
  );
}

/** Reads `EUR/USD,BTC/USDT`, spelled as the venue does. */
export function parseVenueSymbols(raw: string): string[] {
  const symbols = [...new Set(raw.split(",").map((symbol) => symbol.trim()))];
  if (symbols.includes("")) throw new InvalidArgumentError("It must be a list such as EUR/USD,BTC/USDT.");
  return symbols;
}

/**
 * Under which name each symbol is stored: what the map says, else its own in stored form.
 *
 * @throws Error for one that has none, for two that share one, and for a name that the map has of no symbol
 */
export function storedNames(symbols: readonly string[], map: SymbolNames): SymbolNames {
  const names = new Map<string, string>();
  const takenBy = new Map<string, string>();
  for (const symbol of symbols) {
    const name = map.get(symbol) ?? normalizeSymbol(symbol);
    if (name === undefined)
      throw new Error(`${symbol} cannot be the name of a symbol here: say --map ${symbol}=NAME for it`);
    const other = takenBy.get(name);
    if (other !== undefined)
      throw new Error(
        `${other} and ${symbol} would both be stored as ${name}: say --map ${symbol}=NAME for one of them`,
      );
    takenBy.set(name, symbol);
    names.set(symbol, name);
  }
  const idle = [...map.keys()].find((symbol) => !names.has(symbol));
  if (idle !== undefined) throw new Error(`--map names ${idle}, which --symbols does not`);
  return names;
}

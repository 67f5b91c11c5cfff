import { kindOf, type MarketSessions } from "./market-sessions.js";
import { formatSession } from "./session.js";
import { DIGITS_MAX, type SymbolChange, type SymbolJson, type SymbolKind } from "./symbol-dto.js";

/** Quotes have at most so many decimals; what a computed price has beyond is noise. */
const DECIMALS_MAX = 8;

/** What was said of a symbol; null: nothing. */
export type SaidOfSymbol = Readonly<{ [Name in keyof SymbolChange]-?: NonNullable<SymbolChange[Name]> | null }>;

/** What counts of a symbol: what was said, and what is inferred where nothing was. */
export type SymbolFacts = Pick<SymbolJson, keyof SymbolChange>;

/** What a symbol stands for. */
export function symbolKind(
  symbol: string,
  said: Pick<SaidOfSymbol, "kind" | "session">,
  sessions: MarketSessions,
): SymbolKind {
  return said.kind ?? kindOf(sessions.of(symbol, said));
}

/** What a pip of a currency pair is, and decimals of its prices, which the newest may not show. */
function fxPlaces(symbol: string): { digits: number; pip: number } {
  return symbol.includes("JPY") ? { digits: 3, pip: 0.01 } : { digits: 5, pip: 0.0001 };
}

function digitsOf(symbol: string, kind: SymbolKind, decimals: number | null): number | null {
  const seen = decimals === null ? null : Math.min(decimals, DECIMALS_MAX, DIGITS_MAX);
  return kind === "fx" ? Math.max(seen ?? 0, fxPlaces(symbol).digits) : seen;
}

/**
 * What counts of a symbol.
 *
 * @param decimals those of its newest prices; null where it has none
 */
export function symbolFacts(
  symbol: string,
  said: SaidOfSymbol,
  decimals: number | null,
  sessions: MarketSessions,
): SymbolFacts {
  const kind = symbolKind(symbol, said, sessions);
  return {
    digits: said.digits ?? digitsOf(symbol, kind, decimals),
    pip: said.pip ?? (kind === "fx" ? fxPlaces(symbol).pip : null),
    session: formatSession(sessions.of(symbol, said)),
    kind,
    description: said.description,
    quiet_after_s: said.quiet_after_s,
  };
}

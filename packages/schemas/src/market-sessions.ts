import { FX_WEEK, type MarketSession, parseSession, withHolidays } from "./session.js";
import { normalizePrefix, normalizeSymbol } from "./symbol.js";
import type { SymbolKind } from "./symbol-dto.js";

/** The session of the symbols that match a pattern: a symbol, or its beginning and a star. */
export interface SessionRule {
  readonly pattern: string;
  readonly session: MarketSession;
}

/** What an entry of `MARKET_SESSIONS` has to look like. */
export const SESSION_RULE = `must be SYMBOL=always or SYMBOL=${FX_WEEK}, where SYMBOL may end in *`;

/** Reads an entry of `MARKET_SESSIONS`; undefined when it is none. */
export function parseSessionRule(entry: string): SessionRule | undefined {
  const [name = "", text = "", ...rest] = entry.split("=").map((part) => part.trim());
  const session = parseSession(text);
  const symbol = name.endsWith("*") ? normalizePrefix(name.slice(0, -1)) : normalizeSymbol(name);
  if (session === undefined || symbol === undefined || rest.length > 0) return undefined;
  return { pattern: name.endsWith("*") ? `${symbol}*` : symbol, session };
}

/** A symbol by its whole name comes before any beginning of it, a longer beginning before a shorter one. */
function specificity({ pattern }: SessionRule): number {
  return pattern.endsWith("*") ? pattern.length : Number.POSITIVE_INFINITY;
}

/** Whose market is open when. */
export class MarketSessions {
  readonly #rules: readonly SessionRule[];
  readonly #calendars = new WeakMap<object, MarketSession>();

  /** The same object for all: what is found out of a calendar is kept with it. */
  readonly #fxWeek = parseSession(FX_WEEK) ?? "always";

  /** @param rules a symbol has the rule that names it most exactly */
  constructor(rules: readonly SessionRule[]) {
    this.#rules = rules.toSorted((a, b) => specificity(b) - specificity(a));
  }

  /**
   * What an operator has said of the symbol comes before any rule; where there is neither, what is said to be crypto never closes, and
   * all else has the week of foreign exchange.
   */
  of(symbol: string, said?: Said): MarketSession {
    const session = parseSession(said?.session ?? "");
    if (session !== undefined) return session;
    const matches = ({ pattern }: SessionRule) =>
      pattern.endsWith("*") ? symbol.startsWith(pattern.slice(0, -1)) : symbol === pattern;
    return this.#rules.find(matches)?.session ?? (said?.kind === "crypto" ? "always" : this.#fxWeek);
  }

  /** The same with the days on which it is closed besides: those of `fx`, whether that was said of the symbol or not. */
  calendarOf(symbol: string, said: Said | undefined): MarketSession {
    const session = this.of(symbol, said);
    if ((said?.kind ?? kindOf(session)) !== "fx" || session === "always") return session;
    const known = this.#calendars.get(session) ?? withHolidays(session);
    this.#calendars.set(session, known);
    return known;
  }
}

/** What an operator has said of a symbol; null: nothing. */
interface Said {
  readonly session: string | null;
  readonly kind: SymbolKind | null;
}

/** What a symbol of which nothing was said stands for. */
export function kindOf(session: MarketSession): SymbolKind {
  return session === "always" ? "crypto" : "fx";
}

import { likePatterns } from "@fx-ohlc/access";
import type { Queries } from "@fx-ohlc/database";
import {
  DIGITS_MAX,
  formatSession,
  formatTime,
  type MarketSession,
  type Micros,
  type SymbolJson,
  type SymbolKind,
} from "@fx-ohlc/schemas";
import type { MarketSessions } from "./market-sessions.js";
import type { Reader } from "./reader.js";
import { type Ends, readEnds } from "./symbol-ends.js";

/** What is recorded of a symbol. */
interface SymbolRow {
  readonly symbol: string;
  readonly last_heard: Micros | null;
  readonly quotes: boolean;
  readonly digits: number | null;
  readonly pip: number | null;
  readonly session: string | null;
  readonly kind: SymbolKind | null;
  readonly description: string | null;
  readonly quiet_after_s: number | null;
}

/** Some symbols that follow one another by name. */
export interface SymbolPage {
  /** They come after this one. */
  readonly after: string;
  /** They begin so. */
  readonly prefix: string;
  readonly limit: number;
  /** And are covered by one of these patterns; undefined: all are. */
  readonly patterns?: readonly string[] | undefined;
}

/** Quotes have at most so many decimals; what a computed price has beyond is noise. */
const DECIMALS_MAX = 8;

/** Reads what is recorded of a page, and its ends: some statements, not one for each symbol. */
export async function readSymbols(
  reader: Reader,
  sessions: MarketSessions,
  page: SymbolPage,
): Promise<readonly SymbolJson[]> {
  const { engine } = reader;
  const nowUs = reader.nowUs();
  return reader.read(async (sql) => {
    const rows = await readRows(sql, page);
    const symbols = rows.map(({ symbol }) => symbol);
    const ends = await readEnds({ sql, engine, nowUs }, symbols);
    return rows.map((row) => symbolJson(row, ends.get(row.symbol), sessions));
  });
}

/** The names of a page alone. */
export async function readSymbolNames(reader: Reader, page: SymbolPage): Promise<string[]> {
  const rows = await reader.read((sql) => readRows(sql, page));
  return rows.map(({ symbol }) => symbol);
}

/** How many symbols there are. */
export async function countSymbols(sql: Queries): Promise<number> {
  const [found] = await sql<{ count: number }[]>`select count(*)::int as count from symbols`;
  return found?.count ?? 0;
}

/** A single one; undefined where it is not known. */
export async function readSymbol(
  reader: Reader,
  sessions: MarketSessions,
  symbol: string,
): Promise<SymbolJson | undefined> {
  // Of those that begin with it, it comes first itself.
  const [first] = await readSymbols(reader, sessions, { after: "", prefix: symbol, limit: 1 });
  return first?.symbol === symbol ? first : undefined;
}

function readRows(sql: Queries, { after, prefix, limit, patterns }: SymbolPage): PromiseLike<readonly SymbolRow[]> {
  return sql<SymbolRow[]>`
    select symbol, last_heard, quotes, digits, pip, session, kind, description, quiet_after_s
      from symbols
     where symbol > ${after} and starts_with(symbol, ${prefix})
       and symbol like any (${likePatterns(patterns)}::text[])
     order by symbol
     limit ${limit}`;
}

function symbolJson(row: SymbolRow, ends: Ends | undefined, sessions: MarketSessions): SymbolJson {
  const { symbol, quotes, digits, pip, description, quiet_after_s } = row;
  const session = sessions.of(symbol, row.session);
  const kind = row.kind ?? kindOf(session);
  const time = (us: Micros | null | undefined) => (us === null || us === undefined ? null : formatTime(us));
  return {
    symbol,
    first_tick: time(ends?.firstUs),
    last_tick: time(ends?.lastUs),
    last_heard: time(row.last_heard),
    quotes,
    digits: digits ?? digitsOf(symbol, kind, ends?.decimals ?? null),
    pip: pip ?? (kind === "fx" ? fxPlaces(symbol).pip : null),
    session: formatSession(session),
    kind,
    description,
    quiet_after_s,
  };
}

/** What a symbol of which nothing was said stands for. */
function kindOf(session: MarketSession): SymbolKind {
  return session === "always" ? "crypto" : "fx";
}

/** What a pip of a currency pair is, and decimals of its prices, which the newest may not show. */
function fxPlaces(symbol: string): { digits: number; pip: number } {
  return symbol.includes("JPY") ? { digits: 3, pip: 0.01 } : { digits: 5, pip: 0.0001 };
}

function digitsOf(symbol: string, kind: SymbolKind, decimals: number | null): number | null {
  const seen = decimals === null ? null : Math.min(decimals, DECIMALS_MAX, DIGITS_MAX);
  return kind === "fx" ? Math.max(seen ?? 0, fxPlaces(symbol).digits) : seen;
}

/** A symbol that a search has found, and what was said of it. */
export interface FoundSymbol {
  readonly symbol: string;
  readonly description: string | null;
  readonly kind: SymbolKind;
  /** Whether it ever had quotes. */
  readonly quotes: boolean;
}

/** What is searched for. */
interface SymbolSearch extends Pick<SymbolPage, "limit" | "patterns"> {
  readonly text: string;
  /** Chooses among them by what they stand for. */
  isWanted(kind: SymbolKind): boolean;
}

/**
 * Symbols that hold some text, those that begin with it first.
 */
export async function findSymbols(
  reader: Reader,
  sessions: MarketSessions,
  { text, limit, patterns, isWanted }: SymbolSearch,
): Promise<readonly FoundSymbol[]> {
  const rows = await reader.read(
    (sql) => sql<Pick<SymbolRow, "symbol" | "session" | "kind" | "description" | "quotes">[]>`
      select symbol, session, kind, description, quotes
        from symbols
       where (strpos(symbol, ${text}) > 0 or ${text} = '')
         and symbol like any (${likePatterns(patterns)}::text[])
       order by not starts_with(symbol, ${text}), symbol`,
  );
  const found: FoundSymbol[] = [];
  for (const { symbol, session, description, quotes, ...said } of rows) {
    if (found.length === limit) break;
    const kind = said.kind ?? kindOf(sessions.of(symbol, session));
    if (isWanted(kind)) found.push({ symbol, description, kind, quotes });
  }
  return found;
}

/** When a symbol's market is open. */
export async function readSession(reader: Reader, sessions: MarketSessions, symbol: string): Promise<MarketSession> {
  const [row] = await reader.read(
    (sql) => sql<{ session: string | null }[]>`select session from symbols where symbol = ${symbol}`,
  );
  return sessions.of(symbol, row?.session);
}

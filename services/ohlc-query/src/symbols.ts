import { likePatterns } from "@fx-ohlc/access";
import { type Queries, type SymbolRow, symbolsJson, symbolsWithQuotes } from "@fx-ohlc/database";
import {
  type MarketSession,
  type MarketSessions,
  type SymbolJson,
  type SymbolKind,
  symbolKind,
} from "@fx-ohlc/schemas";
import type { Reader } from "./reader.js";

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
    return symbolsJson({ sql, engine, nowUs }, rows, sessions);
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

/** A symbol that a search has found, and what was said of it. */
export interface FoundSymbol {
  readonly symbol: string;
  readonly description: string | null;
  readonly kind: SymbolKind;
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
  const nowUs = reader.nowUs();
  return reader.read(async (sql) => {
    const rows = await sql<Pick<SymbolRow, "symbol" | "session" | "kind" | "description" | "quotes">[]>`
      select symbol, session, kind, description, quotes
        from symbols
       where (strpos(symbol, ${text}) > 0 or ${text} = '')
         and symbol like any (${likePatterns(patterns)}::text[])
       order by not starts_with(symbol, ${text}), symbol`;
    const found: FoundSymbol[] = [];
    for (const { symbol, description, quotes, ...said } of rows) {
      if (found.length === limit) break;
      const kind = symbolKind(symbol, said, sessions);
      if (isWanted(kind)) found.push({ symbol, description, kind, quotes });
    }
    const quoted = found.filter(({ quotes }) => quotes).map(({ symbol }) => symbol);
    const held = await symbolsWithQuotes({ sql, nowUs }, quoted);
    return found.map((symbol) => ({ ...symbol, quotes: held.has(symbol.symbol) }));
  });
}

/** When a symbol's market is open, holidays included. */
export async function readSession(reader: Reader, sessions: MarketSessions, symbol: string): Promise<MarketSession> {
  const [row] = await reader.read(
    (sql) => sql<Pick<SymbolRow, "session" | "kind">[]>`select session, kind from symbols where symbol = ${symbol}`,
  );
  return sessions.calendarOf(symbol, row);
}

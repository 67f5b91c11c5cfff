import {
  FIRST_BUCKET_US,
  formatTime,
  type MarketSessions,
  type Micros,
  type SaidOfSymbol,
  type SymbolJson,
  symbolFacts,
  US_PER_DAY,
} from "@fx-ohlc/schemas";
import { type Ends, type EndsSource, readEnds } from "./symbol-ends.js";

/** What is recorded of a symbol. */
export interface SymbolRow extends SaidOfSymbol {
  readonly symbol: string;
  readonly last_heard: Micros | null;
  /** Whether quotes of it were ever stored. */
  readonly quotes: boolean;
}

/** Symbols as they are answered: reads their ends, and what nobody said of them is inferred. Some statements, not one for each. */
export async function symbolsJson(
  source: EndsSource,
  rows: readonly SymbolRow[],
  sessions: MarketSessions,
): Promise<SymbolJson[]> {
  const ends = await readEnds(
    source,
    rows.map(({ symbol }) => symbol),
  );
  const quoted = rows.filter(({ quotes }) => quotes).map(({ symbol }) => symbol);
  const isOpen = (symbol: string) => ends.get(symbol)?.mayHaveQuotes !== true;
  const withQuotes = await symbolsWithQuotes(source, quoted.filter(isOpen));
  return rows.map((row) => {
    const own = ends.get(row.symbol);
    const quotes = row.quotes && (own?.mayHaveQuotes === true || withQuotes.has(row.symbol));
    return symbolJson({ ...row, quotes }, own, sessions);
  });
}

function symbolJson(row: SymbolRow, ends: Ends | undefined, sessions: MarketSessions): SymbolJson {
  const time = (us: Micros | null | undefined) => (us === null || us === undefined ? null : formatTime(us));
  return {
    symbol: row.symbol,
    first_tick: time(ends?.firstUs),
    last_tick: time(ends?.lastUs),
    last_heard: time(row.last_heard),
    quotes: row.quotes,
    ...symbolFacts(row.symbol, row, ends?.decimals ?? null, sessions),
  };
}

/** Those of some symbols that bars hold quotes of: a probe each. */
export async function symbolsWithQuotes(
  { sql, nowUs }: Pick<EndsSource, "sql" | "nowUs">,
  symbols: readonly string[],
): Promise<ReadonlySet<string>> {
  if (symbols.length === 0) return new Set();
  const rows = await sql.unsafe<{ symbol: string }[]>(
    `select wanted.symbol
       from unnest($1::text[]) as wanted (symbol)
      cross join lateral (
            select 1 from quote_day
             where symbol = wanted.symbol and bucket >= $2 and bucket < $3 limit 1) as held`,
    [[...symbols], FIRST_BUCKET_US, nowUs + 2 * US_PER_DAY],
    { prepare: true },
  );
  return new Set(rows.map(({ symbol }) => symbol));
}

import type { Queries } from "@fx-ohlc/database";
import {
  DIGITS_MAX,
  formatSession,
  formatTime,
  type MarketSession,
  type Micros,
  type SymbolJson,
  type SymbolKind,
  US_PER_DAY,
  US_PER_HOUR,
} from "@fx-ohlc/schemas";
import { FIRST_BUCKET_US } from "./bars/stored-bars.js";
import type { MarketSessions } from "./market-sessions.js";
import type { Reader } from "./reader.js";

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

/** The starts of a symbol's first and last day bar. */
interface SymbolDays {
  readonly symbol: string;
  readonly first_day: Micros;
  readonly last_day: Micros;
}

/** The ends of what is stored of a symbol, and how many decimals its newest prices have. */
interface Ends {
  readonly symbol: string;
  readonly first_tick: Micros;
  readonly last_tick: Micros;
  readonly decimals: number | null;
}

/** Some symbols that follow one another by name. */
export interface SymbolPage {
  /** They come after this one. */
  readonly after: string;
  /** They begin so. */
  readonly prefix: string;
  readonly limit: number;
}

/** No FX day is longer. */
const DAY_MAX_US = 26 * US_PER_HOUR;
/** So many of the newest prices show how many decimals there are. */
const SAMPLE_TICKS = 100;
/** Quotes have at most so many decimals; what a computed price has beyond is noise. */
const DECIMALS_MAX = 8;

/** Reads a page in three statements, whatever its length: what is recorded, the days of the bars, and the ticks at their ends. */
export async function readSymbols(
  reader: Reader,
  sessions: MarketSessions,
  page: SymbolPage,
): Promise<readonly SymbolJson[]> {
  const nowUs = reader.nowUs();
  return reader.read(async (sql) => {
    const rows = await readRows(sql, page);
    const days = await readDays(sql, rows, nowUs);
    const ends = new Map((await readEnds(sql, days)).map((row) => [row.symbol, row]));
    return rows.map((row) => symbolJson(row, ends.get(row.symbol), sessions));
  });
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

function readRows(sql: Queries, { after, prefix, limit }: SymbolPage): PromiseLike<readonly SymbolRow[]> {
  return sql<SymbolRow[]>`
    select symbol, last_heard, quotes, digits, pip, session, kind, description, quiet_after_s
      from symbols
     where symbol > ${after} and starts_with(symbol, ${prefix})
     order by symbol
     limit ${limit}`;
}

/**
 * Of those that have bars. (Their days are read whole: on TimescaleDB a probe for each end would look into every chunk there is.)
 *
 * @param nowUs bounds the read; no FX day starts later than two days from now
 */
function readDays(sql: Queries, rows: readonly SymbolRow[], nowUs: Micros): PromiseLike<readonly SymbolDays[]> {
  return sql<SymbolDays[]>`
    select symbol, min(bucket) as first_day, max(bucket) as last_day
      from ohlc_day
     where symbol = any(${rows.map(({ symbol }) => symbol)}::text[])
       and bucket >= ${FIRST_BUCKET_US} and bucket < ${nowUs + 2 * US_PER_DAY}
     group by symbol`;
}

/**
 * The first and the last tick within the first and the last day of each symbol. Where retention has dropped a tick, the minute it
 * was in stands for it: minute bars are kept for ever. The bounds that all share are constants to the planner, which leaves out
 * what lies outside of them.
 */
async function readEnds(sql: Queries, stored: readonly SymbolDays[]): Promise<readonly Ends[]> {
  if (stored.length === 0) return [];
  const firstDays = stored.map(({ first_day }) => first_day);
  const lastDays = stored.map(({ last_day }) => last_day);
  const [firstFromUs, firstToUs] = boundsOf(firstDays);
  const [lastFromUs, lastToUs] = boundsOf(lastDays);
  const day = `${DAY_MAX_US} microseconds`;
  return sql<Ends[]>`
    select symbol,
           coalesce((select time from ticks
                      where symbol = day.symbol and time >= day.first and time < day.first + ${day}::interval
                        and time >= ${firstFromUs} and time < ${firstToUs}
                      order by time limit 1),
                    (select bucket from ohlc_minute
                      where symbol = day.symbol and bucket >= day.first and bucket < day.first + ${day}::interval
                        and bucket >= ${firstFromUs} and bucket < ${firstToUs}
                      order by bucket limit 1),
                    day.first) as first_tick,
           coalesce(newest.time,
                    (select bucket from ohlc_minute
                      where symbol = day.symbol and bucket >= day.last and bucket < day.last + ${day}::interval
                        and bucket >= ${lastFromUs} and bucket < ${lastToUs}
                      order by bucket desc limit 1),
                    day.last) as last_tick,
           newest.decimals
      from unnest(${stored.map(({ symbol }) => symbol)}::text[], ${firstDays}::timestamptz[],
                  ${lastDays}::timestamptz[]) as day(symbol, first, last)
     cross join lateral (
           select max(time) as time, max(scale(price::numeric)) as decimals
             from (select time, price from ticks
                    where symbol = day.symbol and time >= day.last and time < day.last + ${day}::interval
                      and time >= ${lastFromUs} and time < ${lastToUs}
                    order by time desc, seq desc limit ${SAMPLE_TICKS}) newest_ticks) as newest`;
}

/** What some days lie within, half-open. */
function boundsOf(days: readonly Micros[]): [fromUs: Micros, toUs: Micros] {
  const earliestUs = days.reduce((a, b) => Math.min(a, b));
  const latestUs = days.reduce((a, b) => Math.max(a, b));
  return [earliestUs, latestUs + DAY_MAX_US];
}

function symbolJson(row: SymbolRow, ends: Ends | undefined, sessions: MarketSessions): SymbolJson {
  const { symbol, quotes, digits, pip, description, quiet_after_s } = row;
  const session = sessions.of(symbol, row.session);
  const kind = row.kind ?? kindOf(session);
  const time = (us: Micros | null | undefined) => (us === null || us === undefined ? null : formatTime(us));
  return {
    symbol,
    first_tick: time(ends?.first_tick),
    last_tick: time(ends?.last_tick),
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
}

/**
 * Symbols that hold some text, those that begin with it first.
 *
 * @param isWanted chooses among them by what they stand for
 */
export async function findSymbols(
  reader: Reader,
  sessions: MarketSessions,
  { text, limit, isWanted }: { text: string; limit: number; isWanted(kind: SymbolKind): boolean },
): Promise<readonly FoundSymbol[]> {
  const rows = await reader.read(
    (sql) => sql<Pick<SymbolRow, "symbol" | "session" | "kind" | "description">[]>`
      select symbol, session, kind, description
        from symbols
       where strpos(symbol, ${text}) > 0 or ${text} = ''
       order by not starts_with(symbol, ${text}), symbol`,
  );
  const found: FoundSymbol[] = [];
  for (const { symbol, session, description, ...said } of rows) {
    if (found.length === limit) break;
    const kind = said.kind ?? kindOf(sessions.of(symbol, session));
    if (isWanted(kind)) found.push({ symbol, description, kind });
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

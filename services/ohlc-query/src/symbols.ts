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
import { groupBy } from "@fx-ohlc/service-kit";
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
  /** And are covered by one of these patterns; undefined: all are. */
  readonly patterns?: readonly string[] | undefined;
}

/** No FX day is longer. */
const DAY_MAX_US = 26 * US_PER_HOUR;
/** So many of the newest prices show how many decimals there are. */
const SAMPLE_TICKS = 100;
/** Quotes have at most so many decimals; what a computed price has beyond is noise. */
const DECIMALS_MAX = 8;

/** Reads what is recorded of a page, the days of its bars, and the ticks at their ends: a statement or a few, not one each. */
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

/** Whether one of some patterns covers a symbol, where there are any: see `SymbolPatterns` of the package for access. */
function covered(sql: Queries, patterns: readonly string[] | undefined) {
  if (patterns === undefined) return sql`true`;
  return sql`exists (
    select 1 from unnest(${[...patterns]}::text[]) as pattern
     where case when pattern like '%*' then starts_with(symbol, left(pattern, -1)) else symbol = pattern end)`;
}

function readRows(sql: Queries, { after, prefix, limit, patterns }: SymbolPage): PromiseLike<readonly SymbolRow[]> {
  return sql<SymbolRow[]>`
    select symbol, last_heard, quotes, digits, pip, session, kind, description, quiet_after_s
      from symbols
     where symbol > ${after} and starts_with(symbol, ${prefix}) and ${covered(sql, patterns)}
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

/** Symbols whose first or last bar is of the same day. */
interface DayOfSymbols {
  readonly fromUs: Micros;
  readonly symbols: readonly string[];
}

/** The tick at one end of a day, and how many decimals the prices next to it have. */
interface EndTick {
  readonly symbol: string;
  readonly time: Micros | null;
  readonly decimals: number | null;
}

/**
 * The first and the last tick within the first and the last day of each symbol, those of one day together: the planner then knows
 * which day it is about, and leaves out all chunks but one. Most symbols share their last day with others.
 */
async function readEnds(sql: Queries, days: readonly SymbolDays[]): Promise<readonly Ends[]> {
  const firsts = await readDayEnds(sql, days, "first_day");
  const lasts = await readDayEnds(sql, days, "last_day");
  return days.map(({ symbol, first_day, last_day }) => ({
    symbol,
    first_tick: firsts.get(symbol)?.time ?? first_day,
    last_tick: lasts.get(symbol)?.time ?? last_day,
    decimals: lasts.get(symbol)?.decimals ?? null,
  }));
}

async function readDayEnds(sql: Queries, days: readonly SymbolDays[], end: "first_day" | "last_day") {
  const ticks = new Map<string, EndTick>();
  for (const [fromUs, own] of groupBy(days, (row) => row[end])) {
    const day = { fromUs, symbols: own.map(({ symbol }) => symbol) };
    const order = end === "first_day" ? "asc" : "desc";
    for (const tick of await readEndTicks(sql, day, order)) ticks.set(tick.symbol, tick);
    const dropped = day.symbols.filter((symbol) => typeof ticks.get(symbol)?.time !== "number");
    if (dropped.length === 0) continue;
    for (const minute of await readEndMinutes(sql, { fromUs, symbols: dropped }, order))
      ticks.set(minute.symbol, minute);
  }
  return ticks;
}

function readEndTicks(sql: Queries, { fromUs, symbols }: DayOfSymbols, order: "asc" | "desc"): PromiseLike<EndTick[]> {
  return sql.unsafe<EndTick[]>(
    `select wanted as symbol, newest.time, newest.decimals
       from unnest($1::text[]) as wanted
      cross join lateral (
            select ${order === "asc" ? "min" : "max"}(time) as time, max(scale(price::numeric)) as decimals
              from (select time, price from ticks
                     where symbol = wanted and time >= $2 and time < $3
                     order by time ${order}, seq ${order} limit $4) sample) as newest`,
    [[...symbols], fromUs, fromUs + DAY_MAX_US, order === "asc" ? 1 : SAMPLE_TICKS],
    { prepare: true },
  );
}

/** Where retention has dropped a tick, the minute it was in stands for it: minute bars are kept for ever. */
function readEndMinutes(
  sql: Queries,
  { fromUs, symbols }: DayOfSymbols,
  order: "asc" | "desc",
): PromiseLike<EndTick[]> {
  return sql.unsafe<EndTick[]>(
    `select symbol, ${order === "asc" ? "min" : "max"}(bucket) as time, null::int as decimals
       from ohlc_minute
      where symbol = any($1::text[]) and bucket >= $2 and bucket < $3
      group by symbol`,
    [[...symbols], fromUs, fromUs + DAY_MAX_US],
    { prepare: true },
  );
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
    (sql) => sql<Pick<SymbolRow, "symbol" | "session" | "kind" | "description">[]>`
      select symbol, session, kind, description
        from symbols
       where (strpos(symbol, ${text}) > 0 or ${text} = '') and ${covered(sql, patterns)}
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

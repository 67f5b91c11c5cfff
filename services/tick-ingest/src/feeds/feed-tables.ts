import { type Database, inSession } from "@fx-ohlc/database";
import type { MarketSessions, Micros, SymbolKind } from "@fx-ohlc/schemas";
import type { SymbolFacts } from "./feed-state.js";
import type { FeedSymbol, Pair } from "./pair.js";

/** When an outage of a symbol began, or ended. */
export type SymbolTimes = ReadonlyMap<string, Micros>;

/** A pair as the database remembers it. Times as microseconds; null: nothing. */
interface FeedRow extends FeedSymbol {
  readonly last_heard: Micros;
  readonly last_tick: Micros | null;
  readonly every_s: number | null;
}

/** What the database keeps of feeds: which there are, and when all those of a symbol were down. */
export class FeedTables {
  constructor(
    private readonly database: Database,
    private readonly sessions: MarketSessions,
  ) {}

  /** @returns what is known of each of these symbols */
  async facts(symbols: readonly string[]): Promise<Map<string, SymbolFacts>> {
    if (symbols.length === 0) return new Map();
    const rows = await inSession(
      this.database.sql,
      (sql) => sql<{ symbol: string; session: string | null; kind: SymbolKind | null; quiet_after_s: number | null }[]>`
        select symbol, session, kind, quiet_after_s from symbols where symbol = any(${[...symbols]}::text[])`,
    );
    const said = new Map(rows.map((row) => [row.symbol, row]));
    return new Map(symbols.map((symbol) => [symbol, this.#factsOf(symbol, said.get(symbol))]));
  }

  /** Every pair, as it was heard about a minute ago or earlier. */
  async pairs(): Promise<Pair[]> {
    const rows = await inSession(
      this.database.sql,
      (sql) => sql<FeedRow[]>`select feed, symbol, last_heard, last_tick, every_s from feeds`,
    );
    return rows.map(({ feed, symbol, last_heard, last_tick, every_s }) => ({
      ...{ feed, symbol, heardUs: last_heard, tickedUs: 0, lastTickUs: last_tick ?? 0, everyS: every_s ?? 0 },
    }));
  }

  async keep(pairs: readonly Pair[]): Promise<void> {
    if (pairs.length === 0) return;
    const sorted = [...pairs].sort((a, b) => (a.feed < b.feed || (a.feed === b.feed && a.symbol < b.symbol) ? -1 : 1));
    const column = <T>(of: (pair: Pair) => T) => sorted.map(of);
    await inSession(
      this.database.sql,
      (sql) => sql`
        insert into feeds (feed, symbol, last_heard, last_tick, every_s)
        select feed, symbol, heard, nullif(tick, 'epoch'), nullif(every, 0)
          from unnest(${column(({ feed }) => feed)}::text[], ${column(({ symbol }) => symbol)}::text[],
                      ${column(({ heardUs }) => heardUs)}::timestamptz[],
                      ${column(({ lastTickUs }) => lastTickUs)}::timestamptz[],
                      ${column(({ everyS }) => everyS)}::float8[]) as known (feed, symbol, heard, tick, every)
            on conflict (feed, symbol) do update
               set last_heard = excluded.last_heard,
                   last_tick  = coalesce(excluded.last_tick, feeds.last_tick),
                   every_s    = coalesce(excluded.every_s, feeds.every_s)`,
    );
  }

  async forget(pairs: readonly FeedSymbol[]): Promise<void> {
    if (pairs.length === 0) return;
    const [feeds, symbols] = [pairs.map(({ feed }) => feed), pairs.map(({ symbol }) => symbol)];
    await inSession(
      this.database.sql,
      (sql) => sql`
        delete from feeds
         using unnest(${feeds}::text[], ${symbols}::text[]) as gone (feed, symbol)
         where feeds.feed = gone.feed and feeds.symbol = gone.symbol`,
    );
  }

  /** Forgets a feed, or one symbol of it. @returns whether it was known */
  async forgetFeed(feed: string, symbol: string | undefined): Promise<boolean> {
    const { count } = await inSession(
      this.database.sql,
      (sql) => sql`delete from feeds where feed = ${feed} and symbol = coalesce(${symbol ?? null}::text, symbol)`,
    );
    return count > 0;
  }

  /** Symbols whose outage lasts, with when it began. */
  async lastingOutages(): Promise<Map<string, Micros>> {
    const rows = await inSession(
      this.database.sql,
      (sql) => sql<{ symbol: string; from_time: Micros }[]>`
        select symbol, from_time from feed_outages where to_time is null`,
    );
    return new Map(rows.map(({ symbol, from_time }) => [symbol, from_time]));
  }

  /** Every feed of these symbols is down since then. One that is told again stays as it is. */
  async beginOutages(began: SymbolTimes): Promise<void> {
    if (began.size === 0) return;
    await inSession(
      this.database.sql,
      (sql) => sql`
        insert into feed_outages (symbol, from_time)
        select * from unnest(${[...began.keys()]}::text[], ${[...began.values()]}::timestamptz[])
            on conflict do nothing`,
    );
  }

  /** What lasts of these symbols ended then. */
  async endOutages(ended: SymbolTimes): Promise<void> {
    if (ended.size === 0) return;
    await inSession(
      this.database.sql,
      (sql) => sql`
        update feed_outages lasting
           set to_time = greatest(lasting.from_time, ended.at)
          from unnest(${[...ended.keys()]}::text[], ${[...ended.values()]}::timestamptz[]) as ended (symbol, at)
         where lasting.symbol = ended.symbol and lasting.to_time is null`,
    );
  }

  #factsOf(
    symbol: string,
    said: { session: string | null; kind: SymbolKind | null; quiet_after_s: number | null } | undefined,
  ): SymbolFacts {
    return { calendar: this.sessions.calendarOf(symbol, said), quietAfterS: said?.quiet_after_s ?? null };
  }
}

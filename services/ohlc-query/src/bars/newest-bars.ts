import type { Sql } from "@fx-ohlc/database";
import { type Bar, bucketEnd, type DayBoundary, type Micros, type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { FIRST_BUCKET_US } from "./stored-bars.js";

/** A tick's place among those of its symbol. */
export interface TickKey {
  readonly timeUs: Micros;
  readonly seq: number;
}

/** A newest bar with the places of the ticks that gave its open and its close. */
export interface NewestBar extends Bar {
  readonly interval: StoredInterval;
  readonly openKey: TickKey;
  readonly closeKey: TickKey;
}

/** The newest bars of some symbols at one instant of the database's clock. */
export interface NewestBars {
  readonly nowUs: Micros;
  /** `pg_current_snapshot()` of the statement that read the bars. */
  readonly snapshot: string;
  /** For each symbol its newest minute, hour and day bar that does not start after `nowUs`. */
  readonly bars: readonly NewestBar[];
}

/** A symbol, and a start from which on its two newest days are. */
interface Since {
  readonly symbol: string;
  readonly since: Micros;
  readonly days: number;
}

/** The snapshot is told also when there is no bar. */
interface NoBarRow {
  readonly snapshot: string;
  readonly interval: null;
}

interface NewestRow {
  readonly snapshot: string;
  readonly interval: StoredInterval;
  readonly symbol: string;
  readonly bucket: Micros;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tick_count: number;
  readonly open_time: Micros;
  readonly open_seq: number;
  readonly close_time: Micros;
  readonly close_seq: number;
}

/** Within it a symbol that trades has two days, weekends and holidays included; older ones are looked for without a bound. */
const RECENT_US = 8 * US_PER_DAY;

/** Every symbol that has bars. */
async function knownSymbols(sql: Sql): Promise<string[]> {
  const rows = await sql<{ symbol: string }[]>`
    select symbol from ohlc_day where bucket >= ${FIRST_BUCKET_US} group by symbol order by symbol`;
  return rows.map(({ symbol }) => symbol);
}

async function databaseClock(sql: Sql): Promise<Micros> {
  const [row] = await sql<{ now: Micros }[]>`select clock_timestamp() as now`;
  return row?.now ?? 0;
}

/** The start of the second newest day of each symbol: the newest one may hold nothing yet but ticks stamped after now. */
async function lastDays(
  sql: Sql,
  symbols: readonly string[],
  fromUs: Micros,
  nowUs: Micros,
): Promise<readonly Since[]> {
  return sql<Since[]>`
    select wanted.symbol, min(day.bucket) as since, count(*) as days
      from unnest(${[...symbols]}::text[]) as wanted(symbol)
     cross join lateral (select bucket from ohlc_day
                          where symbol = wanted.symbol and bucket >= ${fromUs} and bucket <= ${nowUs}
                          order by bucket desc limit 2) as day
     group by wanted.symbol`;
}

/** Bounded reads find the symbols that trade; only for the others the whole history is looked through. */
async function sinceOf(reader: Reader, symbols: readonly string[], nowUs: Micros): Promise<readonly Since[]> {
  const recent = await reader.read((sql) => lastDays(sql, symbols, nowUs - RECENT_US, nowUs));
  const settled = recent.filter(({ days }) => days === 2);
  const rest = symbols.filter((symbol) => !settled.some((found) => found.symbol === symbol));
  if (rest.length === 0) return settled;
  return [...settled, ...(await reader.read((sql) => lastDays(sql, rest, FIRST_BUCKET_US, nowUs)))];
}

/**
 * The newest bar of each level, in one statement, so that one snapshot speaks for all. Each level is looked for from the second
 * newest bar of the level above: the newest one may hold only ticks stamped after now, the second newest is past.
 *
 * Every tick from a newest bar's start to the end of the bucket that runs now is that bar's: so its first and last tick are
 * found by two index probes. Where retention has dropped them, the keys are the first and last that a tick there could have.
 */
function readNewest(sql: Sql, wanted: readonly Since[], nowUs: Micros, boundary: DayBoundary) {
  const symbols = wanted.map(({ symbol }) => symbol);
  const sinces = wanted.map(({ since }) => since);
  const sinceUs = Math.min(nowUs, ...sinces);
  return sql<(NewestRow | NoBarRow)[]>`
    with wanted as (
      select * from unnest(${symbols}::text[], ${sinces}::timestamptz[]) as w(symbol, since)
    ), days as (
      select bar.*
        from wanted
       cross join lateral (select symbol, bucket, open, high, low, close, tick_count from ohlc_day
                            where symbol = wanted.symbol and bucket >= wanted.since
                              and bucket >= ${sinceUs} and bucket <= ${nowUs}
                            order by bucket desc limit 1) as bar
    ), hours as (
      select bar.*
        from wanted
       cross join lateral (select symbol, bucket, open, high, low, close, tick_count from ohlc_hour
                            where symbol = wanted.symbol and bucket >= wanted.since
                              and bucket >= ${sinceUs} and bucket <= ${nowUs}
                            order by bucket desc limit 2) as bar
    ), minutes as (
      select bar.*
        from (select symbol, min(bucket) as since from hours group by symbol) as wanted
       cross join lateral (select symbol, bucket, open, high, low, close, tick_count from ohlc_minute
                            where symbol = wanted.symbol and bucket >= wanted.since
                              and bucket >= ${sinceUs} and bucket <= ${nowUs}
                            order by bucket desc limit 1) as bar
    ), newest as (
      select 'minute' as interval, ${bucketEnd(nowUs, "1m", boundary)}::timestamptz as until, * from minutes
       union all
      select 'hour', ${bucketEnd(nowUs, "1h", boundary)}::timestamptz, *
        from (select distinct on (symbol) * from hours order by symbol, bucket desc) as newest_hours
       union all
      select 'day', ${bucketEnd(nowUs, "1d", boundary)}::timestamptz, * from days
    )
    select snapshot, interval, newest.symbol, bucket, open, high, low, close, tick_count,
           coalesce(opening.time, bucket)                            as open_time,
           coalesce(opening.seq, 0)                                  as open_seq,
           coalesce(closing.time, until - interval '1 microsecond')  as close_time,
           coalesce(closing.seq, 1023)                               as close_seq
      from (select pg_current_snapshot()::text as snapshot) as taken
      left join newest on true
      left join lateral (select time, seq from ticks
                          where symbol = newest.symbol and time >= bucket and time >= ${sinceUs} and time < until
                          order by time, seq limit 1) as opening on true
      left join lateral (select time, seq from ticks
                          where symbol = newest.symbol and time >= bucket and time >= ${sinceUs} and time < until
                          order by time desc, seq desc limit 1) as closing on true
     order by newest.symbol, until`;
}

function newestBar(row: NewestRow): NewestBar {
  const { interval, symbol, open, high, low, close } = row;
  return {
    interval,
    symbol,
    bucketUs: row.bucket,
    open,
    high,
    low,
    close,
    tickCount: row.tick_count,
    openKey: { timeUs: row.open_time, seq: row.open_seq },
    closeKey: { timeUs: row.close_time, seq: row.close_seq },
  };
}

/**
 * Reads the newest bars.
 *
 * @param symbols those wanted; every known one when absent
 */
export async function readNewestBars(reader: Reader, symbols: readonly string[] | undefined): Promise<NewestBars> {
  const nowUs = await reader.read(databaseClock);
  const wanted = await sinceOf(reader, symbols ?? (await reader.read(knownSymbols)), nowUs);
  const rows = await reader.read((sql) => readNewest(sql, wanted, nowUs, reader.dayBoundary));
  const bars = rows.filter((row): row is NewestRow => row.interval !== null).map(newestBar);
  return { nowUs, snapshot: rows[0]?.snapshot ?? "", bars };
}

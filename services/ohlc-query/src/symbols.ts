import type { Sql } from "@fx-ohlc/database";
import { formatTime, type Micros, type SymbolJson, US_PER_DAY } from "@fx-ohlc/schemas";
import { FIRST_BUCKET_US } from "./bars/stored-bars.js";

interface SymbolRow {
  readonly symbol: string;
  readonly first_tick: Micros;
  readonly last_tick: Micros;
}

/**
 * Every symbol with its first and last tick: day bars say which days to look into, index probes find the ticks there. Where
 * retention has dropped a tick, the minute it was in stands for it: minute bars are kept for ever.
 *
 * @param nowUs bounds the read of day bars; no FX day starts later than two days from now
 */
export async function readSymbols(sql: Sql, nowUs: Micros): Promise<SymbolJson[]> {
  const rows = await sql<SymbolRow[]>`
    with days as (
      select symbol, min(bucket) as first_day, max(bucket) as last_day
        from ohlc_day
       where bucket >= ${FIRST_BUCKET_US} and bucket < ${nowUs + 2 * US_PER_DAY}
       group by symbol
    )
    select symbol,
           coalesce((select time from ticks
                      where symbol = days.symbol and time >= first_day and time < first_day + interval '26 hours'
                      order by time limit 1),
                    (select bucket from ohlc_minute
                      where symbol = days.symbol and bucket >= first_day and bucket < first_day + interval '26 hours'
                      order by bucket limit 1)) as first_tick,
           coalesce((select time from ticks
                      where symbol = days.symbol and time >= last_day and time < last_day + interval '26 hours'
                      order by time desc limit 1),
                    (select bucket from ohlc_minute
                      where symbol = days.symbol and bucket >= last_day and bucket < last_day + interval '26 hours'
                      order by bucket desc limit 1)) as last_tick
      from days
     order by symbol`;
  return rows.map(({ symbol, first_tick, last_tick }) => ({
    symbol,
    first_tick: formatTime(first_tick),
    last_tick: formatTime(last_tick),
  }));
}

import type { Queries } from "@fx-ohlc/database";
import { formatTime, type Micros, type SymbolJson, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { FIRST_BUCKET_US } from "./bars/stored-bars.js";
import type { Reader } from "./reader.js";

/** Connections that one list of symbols is read over, half of those there are by default. */
const PARTS = 4;
/** No FX day is longer. */
const DAY_MAX_US = 26 * US_PER_HOUR;

interface SymbolDays {
  readonly symbol: string;
  /** The starts of its first and its last day bar. */
  readonly first_day: Micros;
  readonly last_day: Micros;
}

/**
 * Every symbol there is.
 *
 * @param nowUs bounds the read of day bars; no FX day starts later than two days from now
 */
export function readSymbolDays(reader: Reader, nowUs: Micros): Promise<readonly SymbolDays[]> {
  return reader.read(
    (sql) => sql<SymbolDays[]>`
      select symbol, min(bucket) as first_day, max(bucket) as last_day
        from ohlc_day
       where bucket >= ${FIRST_BUCKET_US} and bucket < ${nowUs + 2 * US_PER_DAY}
       group by symbol
       order by symbol`,
  );
}

/**
 * The first and the last tick within a symbol's first and last day. Where retention has dropped a tick, the minute it was in
 * stands for it: minute bars are kept for ever. A statement for each symbol, so that the planner knows which days it is about.
 */
async function readEnds(sql: Queries, { symbol, first_day, last_day }: SymbolDays): Promise<SymbolJson> {
  const [row] = await sql<{ first_tick: Micros; last_tick: Micros }[]>`
    select coalesce((select time from ticks
                      where symbol = ${symbol} and time >= ${first_day} and time < ${first_day + DAY_MAX_US}
                      order by time limit 1),
                    (select bucket from ohlc_minute
                      where symbol = ${symbol} and bucket >= ${first_day} and bucket < ${first_day + DAY_MAX_US}
                      order by bucket limit 1),
                    ${first_day}) as first_tick,
           coalesce((select time from ticks
                      where symbol = ${symbol} and time >= ${last_day} and time < ${last_day + DAY_MAX_US}
                      order by time desc limit 1),
                    (select bucket from ohlc_minute
                      where symbol = ${symbol} and bucket >= ${last_day} and bucket < ${last_day + DAY_MAX_US}
                      order by bucket desc limit 1),
                    ${last_day}) as last_tick`;
  const { first_tick, last_tick } = row ?? { first_tick: first_day, last_tick: last_day };
  return { symbol, first_tick: formatTime(first_tick), last_tick: formatTime(last_tick) };
}

/** Every symbol with its first and last tick: day bars say which days to look into, index probes find the ticks there. */
export async function readSymbols(reader: Reader, nowUs: Micros): Promise<readonly SymbolJson[]> {
  const days = await readSymbolDays(reader, nowUs);
  const size = Math.ceil(days.length / PARTS);
  const parts = Array.from({ length: PARTS }, (_, part) => days.slice(part * size, (part + 1) * size));
  const read = (part: readonly SymbolDays[]) =>
    reader.read(async (sql) => {
      const ends: SymbolJson[] = [];
      for (const symbol of part) ends.push(await readEnds(sql, symbol));
      return ends;
    });
  return (await Promise.all(parts.map(read))).flat();
}

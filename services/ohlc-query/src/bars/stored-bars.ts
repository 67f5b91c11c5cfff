import type { Sql } from "@fx-ohlc/database";
import { type Micros, type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import { type AggregatedBars, type BarColumns, barColumns } from "./bar-columns.js";

/** No bar starts earlier: ticks begin with 1970, and the FX day of the first of them began at most 26 hours before. */
export const FIRST_BUCKET_US: Micros = -2 * US_PER_DAY;

/** The relation that holds the bars of an interval. */
export function relationOf(interval: StoredInterval): string {
  return `ohlc_${interval}`;
}

/** Which stored bars to read: those of one symbol whose bucket starts within [fromUs, toUs), the first `rowsMax` of them. */
export interface StoredRange {
  readonly interval: StoredInterval;
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly rowsMax: number;
}

/** Binary columns of the bars of a subquery. */
const COLUMNS = `
           string_agg(timestamptz_send(bucket), '') as buckets,
           string_agg(float8send(open), '')         as opens,
           string_agg(float8send(high), '')         as highs,
           string_agg(float8send(low), '')          as lows,
           string_agg(float8send(close), '')        as closes,
           string_agg(int8send(tick_count), '')     as tick_counts`;

/** Parameters: symbol, start, end, rows. */
function oneRange(interval: StoredInterval): string {
  return `
    select ${COLUMNS}
      from (select bucket, open, high, low, close, tick_count
              from ${relationOf(interval)}
             where symbol = $1 and bucket >= $2 and bucket < $3
             order by bucket
             limit $4) bars`;
}

/**
 * Parameters: arrays of symbols, starts, ends and rows; the earliest start and the latest end, which bound the read for the
 * planner.
 */
function manyRanges(interval: StoredInterval): string {
  return `
    select columns.*
      from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[])
           with ordinality as wanted(symbol, start, until, rows, place)
     cross join lateral (
           select ${COLUMNS}
             from (select bucket, open, high, low, close, tick_count
                     from ${relationOf(interval)}
                    where symbol = wanted.symbol and bucket >= wanted.start and bucket < wanted.until
                      and bucket >= $5 and bucket < $6
                    order by bucket
                    limit wanted.rows) bars) as columns
     order by place`;
}

/**
 * The hottest statements: their texts are made once. A relation's name as a fragment of a tagged template would cost as much
 * as the rest of the query on this side, some 40 µs.
 */
const ONE_RANGE = { minute: oneRange("minute"), hour: oneRange("hour"), day: oneRange("day") };
const MANY_RANGES = { minute: manyRanges("minute"), hour: manyRanges("hour"), day: manyRanges("day") };

/** Reads stored bars, ascending. */
export async function readStoredBars(sql: Sql, range: StoredRange): Promise<BarColumns> {
  const parameters = [range.symbol, range.fromUs, range.toUs, range.rowsMax];
  const [row] = await sql.unsafe<AggregatedBars[]>(ONE_RANGE[range.interval], parameters, { prepare: true });
  return barColumns(row);
}

/** Reads several ranges of one interval in one statement, in their order. */
export async function readManyStoredBars(sql: Sql, ranges: readonly StoredRange[]): Promise<BarColumns[]> {
  const starts = ranges.map(({ fromUs }) => fromUs);
  const ends = ranges.map(({ toUs }) => toUs);
  const statement = MANY_RANGES[ranges[0]?.interval ?? "minute"];
  const rows = await sql.unsafe<AggregatedBars[]>(
    statement,
    [
      ranges.map(({ symbol }) => symbol),
      starts,
      ends,
      ranges.map(({ rowsMax }) => rowsMax),
      Math.min(...starts),
      Math.max(...ends),
    ],
    { prepare: true },
  );
  return ranges.map((_range, place) => barColumns(rows[place]));
}

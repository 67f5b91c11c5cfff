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

/** Parameters: symbol, start, end, rows. */
function statement(interval: StoredInterval): string {
  return `
    select string_agg(timestamptz_send(bucket), '') as buckets,
           string_agg(float8send(open), '')         as opens,
           string_agg(float8send(high), '')         as highs,
           string_agg(float8send(low), '')          as lows,
           string_agg(float8send(close), '')        as closes,
           string_agg(int8send(tick_count), '')     as tick_counts
      from (select bucket, open, high, low, close, tick_count
              from ${relationOf(interval)}
             where symbol = $1 and bucket >= $2 and bucket < $3
             order by bucket
             limit $4) bars`;
}

/**
 * The hottest statement: its text is made once for each relation. A relation's name as a fragment of a tagged template would
 * cost as much as the rest of the query on this side, some 40 µs.
 */
const STATEMENTS: Readonly<Record<StoredInterval, string>> = {
  minute: statement("minute"),
  hour: statement("hour"),
  day: statement("day"),
};

/** Reads stored bars, ascending. */
export async function readStoredBars(sql: Sql, range: StoredRange): Promise<BarColumns> {
  const parameters = [range.symbol, range.fromUs, range.toUs, range.rowsMax];
  const [row] = await sql.unsafe<AggregatedBars[]>(STATEMENTS[range.interval], parameters, { prepare: true });
  return barColumns(row);
}

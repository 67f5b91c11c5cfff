import type { Queries } from "@fx-ohlc/database";
import { type Micros, STORED_LENGTH_US, type StoredInterval, type SymbolRange, US_PER_DAY } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { AGGREGATED_COLUMNS, type AggregatedBars, type BarColumns, barColumns, joinBars } from "./bar-columns.js";
import { windowsBack } from "./windows-back.js";

/** No bar starts earlier: ticks begin with 1970, and the FX day of the first of them began at most 26 hours before. */
export const FIRST_BUCKET_US: Micros = -2 * US_PER_DAY;

/** The relation that holds the bars of an interval. */
export function relationOf(interval: StoredInterval): string {
  return `ohlc_${interval}`;
}

/** Which stored bars to read: those of one symbol whose bucket starts within [fromUs, toUs), the first `rowsMax` of them. */
export interface StoredRange extends SymbolRange {
  readonly interval: StoredInterval;
  readonly rowsMax: number;
}

/** Parameters: symbol, start, end, rows: the first of the range, or the last. */
function oneRange(interval: StoredInterval, order: "asc" | "desc"): string {
  const rows = `
           select bucket, open, high, low, close, tick_count
             from ${relationOf(interval)}
            where symbol = $1 and bucket >= $2 and bucket < $3
            order by bucket ${order}
            limit $4`;
  const ascending = order === "asc" ? rows : `select * from (${rows}) newest order by bucket`;
  return `select ${AGGREGATED_COLUMNS} from (${ascending}) bars`;
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
           select ${AGGREGATED_COLUMNS}
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
const ONE_RANGE = { minute: oneRange("minute", "asc"), hour: oneRange("hour", "asc"), day: oneRange("day", "asc") };
const END_OF_RANGE = {
  minute: oneRange("minute", "desc"),
  hour: oneRange("hour", "desc"),
  day: oneRange("day", "desc"),
};
const MANY_RANGES = { minute: manyRanges("minute"), hour: manyRanges("hour"), day: manyRanges("day") };

async function readRange(sql: Queries, statement: string, range: StoredRange): Promise<BarColumns> {
  const parameters = [range.symbol, range.fromUs, range.toUs, range.rowsMax];
  const [row] = await sql.unsafe<AggregatedBars[]>(statement, parameters, { prepare: true });
  return barColumns(row);
}

/** Reads stored bars, ascending. */
export function readStoredBars(sql: Queries, range: StoredRange): Promise<BarColumns> {
  return readRange(sql, ONE_RANGE[range.interval], range);
}

/** Of a symbol that trades, the last bars lie within twice their time and a long weekend. */
const WEEKEND_US = 4 * US_PER_DAY;

/** Reads the last `rowsMax` stored bars of a range, ascending. */
export async function readLastStoredBars(reader: Reader, range: StoredRange): Promise<BarColumns> {
  const { interval, rowsMax } = range;
  const firstUs = 2 * rowsMax * STORED_LENGTH_US[interval] + WEEKEND_US;
  const parts: BarColumns[] = [];
  let rows = 0;
  for (const [fromUs, toUs] of windowsBack(range.fromUs, range.toUs, firstUs)) {
    const window = { ...range, fromUs, toUs, rowsMax: rowsMax - rows };
    const part = await reader.read((sql) => readRange(sql, END_OF_RANGE[interval], window));
    parts.unshift(part);
    rows += part.bucketUs.length;
    if (rows >= rowsMax) break;
  }
  return joinBars(parts);
}

/** Reads several ranges of one interval in one statement, in their order. */
export async function readManyStoredBars(sql: Queries, ranges: readonly StoredRange[]): Promise<BarColumns[]> {
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

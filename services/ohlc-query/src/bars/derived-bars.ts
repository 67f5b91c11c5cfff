import type { Sql } from "@fx-ohlc/database";
import {
  bucketEdges,
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type Interval,
  type Micros,
  US_PER_DAY,
  US_PER_HOUR,
  US_PER_MINUTE,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { type AggregatedBars, type BarColumns, barColumns, joinBars } from "./bar-columns.js";
import { relationOf } from "./stored-bars.js";

/** The longest FX day, with a zone's most unusual change of its clocks. */
const DAY_MAX_US = 26 * US_PER_HOUR;
/** Bars one statement folds at most, some 50 ms: reads that wait behind it on its connection hardly notice. */
const SOURCE_BARS_MAX = 50_000;
/** Buckets one statement fills at most: their edges in a zone seen for the first time take some 25 ms of this process. */
const BUCKETS_MAX = 500;
/** Statements one page takes at most, some 2 s; only a part-hour zone gets there, after 1,300 days, and its page ends there. */
const STATEMENTS_MAX = 40;

/** Which bars to derive: those of one symbol whose bucket starts within [fromUs, toUs), the first `rowsMax` of them. */
export interface DerivedRange {
  readonly interval: Interval;
  readonly boundary: DayBoundary;
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly rowsMax: number;
}

/** Derived bars, and where to go on when the page ended before the range did. */
export interface DerivedBars {
  readonly bars: BarColumns;
  readonly nextUs: Micros | undefined;
}

/** The whole buckets of a range: a bucket belongs to it when its start does. */
function alignedRange({ interval, boundary, fromUs, toUs }: DerivedRange): [Micros, Micros] {
  const edgeAtOrAfter = (us: Micros) =>
    bucketStart(us, interval, boundary) === us ? us : bucketEnd(us, interval, boundary);
  return [edgeAtOrAfter(fromUs), edgeAtOrAfter(toUs)];
}

/** The part of [fromUs, toUs) where the symbol has bars at all, cut at stored days. */
async function dataRange(
  sql: Sql,
  symbol: string,
  fromUs: Micros,
  toUs: Micros,
): Promise<[Micros, Micros] | undefined> {
  const earliestUs = fromUs - DAY_MAX_US;
  const [row] = await sql<{ first: Micros | null; last: Micros | null }[]>`
    select (select bucket from ohlc_day where symbol = ${symbol} and bucket > ${earliestUs} and bucket < ${toUs}
             order by bucket limit 1) as first,
           (select bucket from ohlc_day where symbol = ${symbol} and bucket > ${earliestUs} and bucket < ${toUs}
             order by bucket desc limit 1) as last`;
  if (row === undefined || row.first === null || row.last === null) return undefined;
  return [Math.max(fromUs, row.first), Math.min(toUs, row.last + DAY_MAX_US)];
}

function onWholeHours(edges: readonly Micros[]): boolean {
  return edges.every((edge) => edge % US_PER_HOUR === 0);
}

/** Folds stored bars into the buckets between `edges`: the open of the first, the close of the last. */
async function foldBars(sql: Sql, symbol: string, edges: readonly Micros[], rowsMax: number): Promise<BarColumns> {
  const source = onWholeHours(edges) ? "hour" : "minute";
  const [row] = await sql<AggregatedBars[]>`
    select string_agg(timestamptz_send((${[...edges]}::timestamptz[])[bin]), '') as buckets,
           string_agg(float8send(open), '')                                    as opens,
           string_agg(float8send(high), '')                                    as highs,
           string_agg(float8send(low), '')                                     as lows,
           string_agg(float8send(close), '')                                   as closes,
           string_agg(int8send(tick_count), '')                                as tick_counts
      from (select width_bucket(bucket, ${[...edges]}::timestamptz[]) as bin,
                   (array_agg(open order by bucket))[1]               as open,
                   max(high)                                          as high,
                   min(low)                                           as low,
                   (array_agg(close order by bucket desc))[1]         as close,
                   sum(tick_count)::bigint                            as tick_count
              from ${sql(relationOf(source))}
             where symbol = ${symbol} and bucket >= ${edges[0] ?? 0} and bucket < ${edges.at(-1) ?? 0}
             group by bin
             order by bin
             limit ${rowsMax}) bars`;
  return barColumns(row);
}

/** The edges one statement folds between: of hours where every edge is on one, of minutes where the zone has part-hour offsets. */
function sliceEdges({ interval, boundary }: DerivedRange, fromUs: Micros, toUs: Micros): Micros[] {
  const firstDay = bucketEdges(fromUs, fromUs + US_PER_DAY, interval, boundary);
  const sourceUs = onWholeHours(firstDay) ? US_PER_HOUR : US_PER_MINUTE;
  const bucketUs = bucketEnd(fromUs, interval, boundary) - fromUs;
  const sliceUs = Math.min(SOURCE_BARS_MAX * sourceUs, BUCKETS_MAX * bucketUs);
  return bucketEdges(fromUs, Math.min(toUs, fromUs + sliceUs), interval, boundary);
}

/**
 * Derives bars of any interval from stored ones. The range is first cut to where the symbol has data, so that a start of 1970
 * costs nothing, and is then folded slice by slice until `rowsMax` bars are found.
 */
export async function readDerivedBars(reader: Reader, range: DerivedRange): Promise<DerivedBars> {
  const { symbol, rowsMax } = range;
  const [fromUs, toUs] = alignedRange(range);
  const data = await reader.read((sql) => dataRange(sql, symbol, fromUs, toUs));
  const parts: BarColumns[] = [];
  const [dataFromUs, dataToUs] = data ?? [toUs, toUs];
  let nextUs = dataFromUs;
  let rows = 0;
  for (let statements = 0; nextUs < dataToUs && rows < rowsMax; statements += 1) {
    if (statements >= STATEMENTS_MAX && rows > 0) return { bars: joinBars(parts), nextUs };
    const edges = sliceEdges(range, nextUs, dataToUs);
    const part = await reader.read((sql) => foldBars(sql, symbol, edges, rowsMax - rows));
    parts.push(part);
    rows += part.bucketUs.length;
    nextUs = edges.at(-1) ?? dataToUs;
  }
  return { bars: joinBars(parts), nextUs: undefined };
}

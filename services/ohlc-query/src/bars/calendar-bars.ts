import type { Queries } from "@fx-ohlc/database";
import {
  bucketEdges,
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type Micros,
  STORED_LENGTH_US,
  type StoredInterval,
  sameBoundary,
  US_PER_DAY,
  US_PER_HOUR,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import {
  AGGREGATED_COLUMNS,
  type AggregatedBars,
  type BarColumns,
  barColumns,
  FOLDED_COLUMNS,
  joinBars,
} from "./bar-columns.js";
import type { BarPage, BarRange, LastBars } from "./bar-page.js";
import { relationOf } from "./stored-bars.js";

/** The longest FX day, with a zone's most unusual change of its clocks. */
const DAY_MAX_US = 26 * US_PER_HOUR;
/** Bars one statement folds at most, some 50 ms: reads that wait behind it on its connection hardly notice. */
const SOURCE_BARS_MAX = 50_000;
/** Buckets one statement fills at most: their edges in a zone seen for the first time take some 25 ms of this process. */
const BUCKETS_MAX = 500;
/**
 * Statements one page takes at most, some 2 s. A part-hour zone gets there after 1,300 days, and a symbol after decades without
 * a bar; its page ends there, with less than was asked for.
 */
const STATEMENTS_MAX = 40;

/** Which bars to derive: `rowsMax` of those of one symbol whose bucket starts within [fromUs, toUs). */
export interface DerivedRange extends Omit<BarRange, "limit"> {
  readonly rowsMax: number;
}

/** The whole buckets of a range: a bucket belongs to it when its start does. */
function alignedRange({ interval, boundary, fromUs, toUs }: DerivedRange): [Micros, Micros] {
  const edgeAtOrAfter = (us: Micros) =>
    bucketStart(us, interval, boundary) === us ? us : bucketEnd(us, interval, boundary);
  return [edgeAtOrAfter(fromUs), edgeAtOrAfter(toUs)];
}

/** The part of [fromUs, toUs) where the symbol has bars at all, cut at stored days. */
async function dataRange(
  sql: Queries,
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

/**
 * The longest stored bars that buckets with these edges are made of: weeks and months of days where those begin with the
 * stored day; otherwise hours; where a zone's offset has a part-hour, minutes.
 */
function sourceOf({ interval, boundary }: DerivedRange, edges: readonly Micros[], stored: DayBoundary): StoredInterval {
  const ofDays = interval === "1w" || interval === "1M";
  if (ofDays && sameBoundary(boundary, stored)) return "day";
  return edges.every((edge) => edge % US_PER_HOUR === 0) ? "hour" : "minute";
}

/** Parameters: symbol, start, end, edges, rows. */
function foldStatement(source: StoredInterval): string {
  return `
    select ${AGGREGATED_COLUMNS}
      from (select ($4::timestamptz[])[bin] as bucket, open, high, low, close, tick_count
              from (select width_bucket(bucket, $4::timestamptz[]) as bin, ${FOLDED_COLUMNS}
                      from ${relationOf(source)}
                     where symbol = $1 and bucket >= $2 and bucket < $3
                     group by bin
                     order by bin
                     limit $5) folded) bars`;
}

const FOLD = { minute: foldStatement("minute"), hour: foldStatement("hour"), day: foldStatement("day") };

/** Folds stored bars into the first `rowsMax` buckets between `edges` that hold any. */
async function foldBars(
  reader: Reader,
  range: DerivedRange,
  edges: readonly Micros[],
  rowsMax: number,
): Promise<BarColumns> {
  const source = sourceOf(range, edges, reader.dayBoundary);
  const parameters = [range.symbol, edges[0] ?? 0, edges.at(-1) ?? 0, [...edges], rowsMax];
  const [row] = await reader.read((sql) => sql.unsafe<AggregatedBars[]>(FOLD[source], parameters, { prepare: true }));
  return barColumns(row);
}

/** How much time one statement folds: so many source bars or so many buckets, whichever is less. */
function sliceUs(range: DerivedRange, atUs: Micros, stored: DayBoundary): Micros {
  const { interval, boundary } = range;
  const firstDay = bucketEdges(atUs, atUs + US_PER_DAY, interval, boundary);
  const bucketUs = bucketEnd(atUs, interval, boundary) - bucketStart(atUs, interval, boundary);
  return Math.min(SOURCE_BARS_MAX * STORED_LENGTH_US[sourceOf(range, firstDay, stored)], BUCKETS_MAX * bucketUs);
}

/** The whole buckets of a range, cut to where the symbol has data, so that a start of 1970 costs nothing. */
async function occupied(reader: Reader, range: DerivedRange): Promise<[Micros, Micros] | undefined> {
  const [fromUs, toUs] = alignedRange(range);
  return fromUs < toUs ? reader.read((sql) => dataRange(sql, range.symbol, fromUs, toUs)) : undefined;
}

/** Derives the first `rowsMax` bars of a range, slice by slice. */
export async function readCalendarBars(reader: Reader, range: DerivedRange): Promise<BarPage> {
  const { interval, boundary, rowsMax } = range;
  const [dataFromUs, dataToUs] = (await occupied(reader, range)) ?? [0, 0];
  const parts: BarColumns[] = [];
  let nextUs = dataFromUs;
  let rows = 0;
  for (let statements = 0; nextUs < dataToUs && rows < rowsMax; statements += 1) {
    if (statements >= STATEMENTS_MAX) return { bars: joinBars(parts), nextUs };
    const sliceEndUs = Math.min(dataToUs, nextUs + sliceUs(range, nextUs, reader.dayBoundary));
    const edges = bucketEdges(nextUs, sliceEndUs, interval, boundary);
    const part = await foldBars(reader, range, edges, rowsMax - rows);
    parts.push(part);
    rows += part.bucketUs.length;
    nextUs = edges.at(-1) ?? dataToUs;
  }
  return { bars: joinBars(parts), nextUs: undefined };
}

/** Derives the last bars of a range, `rowsMax` or some more, slice by slice from its end. */
export async function readLastCalendarBars(reader: Reader, range: DerivedRange): Promise<LastBars> {
  const { interval, boundary, rowsMax } = range;
  const [dataFromUs, dataToUs] = (await occupied(reader, range)) ?? [0, 0];
  const parts: BarColumns[] = [];
  let endUs = dataToUs;
  let rows = 0;
  for (let statements = 0; endUs > dataFromUs && rows < rowsMax; statements += 1) {
    if (statements >= STATEMENTS_MAX) return { bars: joinBars(parts), prevUs: endUs };
    const lastUs = endUs - 1;
    const startUs = Math.max(dataFromUs, endUs - sliceUs(range, lastUs, reader.dayBoundary));
    const edges = bucketEdges(Math.min(startUs, lastUs), endUs, interval, boundary);
    const part = await foldBars(reader, range, edges, edges.length);
    parts.unshift(part);
    rows += part.bucketUs.length;
    endUs = edges[0] ?? dataFromUs;
  }
  return { bars: joinBars(parts), prevUs: undefined };
}

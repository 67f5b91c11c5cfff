import { type Micros, type SymbolRange, US_PER_DAY, US_PER_MINUTE, US_PER_SECOND } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import {
  AGGREGATED_COLUMNS,
  type AggregatedBars,
  type BarColumns,
  barColumns,
  FOLDED_COLUMNS,
  firstBars,
  joinBars,
  lastBars,
} from "./bar-columns.js";
import { relationOf } from "./stored-bars.js";
import { windowsBack } from "./windows-back.js";

/** Minutes one statement folds at most, some 50 ms: reads that wait behind it on its connection hardly notice. */
const MINUTES_MAX = 50_000;
/** Of a symbol that trades, the last bars lie within twice their time and a long weekend. */
const WEEKEND_US = 4 * US_PER_DAY;

/** Which bars to fold from minutes: those of one symbol whose bucket starts within [fromUs, toUs), `rowsMax` of them. */
export interface BinnedRange extends SymbolRange {
  /** The buckets' length, whole minutes that divide an hour. */
  readonly lengthUs: Micros;
  readonly rowsMax: number;
}

interface FoldedRow extends AggregatedBars {
  readonly minutes: number | null;
}

/** Bars folded from at most `minutesMax` minutes; when they were that many, the bucket where they end may hold more. */
interface FoldedBars {
  readonly bars: BarColumns;
  readonly cut: boolean;
}

/**
 * Parameters: symbol, start, end, bucket length in seconds, minutes. What is bounded is the minutes that exist: a page of a
 * sparse symbol costs no more than one of a busy one.
 */
function foldStatement(order: "asc" | "desc"): string {
  return `
    select sum(minutes)::int as minutes, ${AGGREGATED_COLUMNS}
      from (select date_bin($4::int * interval '1 second', bucket, timestamptz '1970-01-01 00:00:00+00') as bin,
                   count(*) as minutes, ${FOLDED_COLUMNS}
              from (select bucket, open, high, low, close, tick_count
                      from ${relationOf("minute")}
                     where symbol = $1 and bucket >= $2 and bucket < $3
                     order by bucket ${order}
                     limit $5) source
             group by bin
             order by bin) bars(bucket, minutes, open, high, low, close, tick_count)`;
}

const FOLD = { asc: foldStatement("asc"), desc: foldStatement("desc") };

async function fold(reader: Reader, order: "asc" | "desc", range: BinnedRange): Promise<FoldedBars> {
  const { symbol, fromUs, toUs, lengthUs, rowsMax } = range;
  // One bucket more than wanted: the one where the minutes end is left out.
  const minutesMax = Math.min(MINUTES_MAX, (rowsMax + 1) * (lengthUs / US_PER_MINUTE));
  const parameters = [symbol, fromUs, toUs, lengthUs / US_PER_SECOND, minutesMax];
  const [row] = await reader.read((sql) => sql.unsafe<FoldedRow[]>(FOLD[order], parameters, { prepare: true }));
  return { bars: barColumns(row), cut: row?.minutes === minutesMax };
}

function aligned({ fromUs, toUs, lengthUs }: BinnedRange): [Micros, Micros] {
  return [Math.ceil(fromUs / lengthUs) * lengthUs, Math.ceil(toUs / lengthUs) * lengthUs];
}

/** Folds the first `rowsMax` bars of a range from minute bars. */
export async function readBinnedBars(reader: Reader, range: BinnedRange): Promise<BarColumns> {
  const [fromUs, toUs] = aligned(range);
  const parts: BarColumns[] = [];
  let nextUs = fromUs;
  for (let rows = 0; nextUs < toUs && rows < range.rowsMax; ) {
    const { bars, cut } = await fold(reader, "asc", { ...range, fromUs: nextUs, toUs, rowsMax: range.rowsMax - rows });
    const whole = cut ? firstBars(bars, bars.bucketUs.length - 1) : bars;
    parts.push(whole);
    rows += whole.bucketUs.length;
    nextUs = cut ? (bars.bucketUs.at(-1) ?? toUs) : toUs;
  }
  return joinBars(parts);
}

/** Folds the last bars of a range, `rowsMax` or one more, from minute bars. */
export async function readLastBinnedBars(reader: Reader, range: BinnedRange): Promise<BarColumns> {
  const { lengthUs, rowsMax } = range;
  const [fromUs, toUs] = aligned(range);
  const parts: BarColumns[] = [];
  let rows = 0;
  for (const [startUs, endUs] of windowsBack(fromUs, toUs, 2 * rowsMax * lengthUs + WEEKEND_US)) {
    for (let nextUs = endUs; nextUs > startUs && rows < rowsMax; ) {
      const window = { ...range, fromUs: startUs, toUs: nextUs, rowsMax: rowsMax - rows };
      const { bars, cut } = await fold(reader, "desc", window);
      const whole = cut ? lastBars(bars, bars.bucketUs.length - 1) : bars;
      parts.unshift(whole);
      rows += whole.bucketUs.length;
      nextUs = cut ? (whole.bucketUs[0] ?? startUs) : startUs;
    }
    if (rows >= rowsMax) break;
  }
  return joinBars(parts);
}

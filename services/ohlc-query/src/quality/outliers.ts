import type { SymbolRange } from "@fx-ohlc/schemas";
import { ARCHIVE_URL, IS_THERE, MARK } from "../archive/dropped-days.js";
import type { Reader } from "../reader.js";
import { readTicks } from "../ticks.js";
import { MOVES, OddCount } from "./odd-count.js";

/** What only the ticks themselves tell. Null where some of them are dropped and in no file. */
export interface OddTicks {
  readonly outliers: number | null;
  readonly crossedQuotes: number | null;
}

interface Row extends OddTicks {
  readonly isSomeInFiles: boolean;
  readonly isSomeLost: boolean;
}

/** Ticks that are read from files at a time: some milliseconds of the event loop. */
const PAGE_ROWS = 50_000;

/** A day of bars that is dropped, and that no entry tells of. */
const IS_SOME_LOST = `
  $2::timestamptz < ${MARK}
  and exists (select from ohlc_minute
               where symbol = $1 and bucket >= $2 and bucket < $3 and bucket < ${MARK}
                 and not exists (select from archive_days
                                  where archive_days.symbol = $1 and ${ARCHIVE_URL} is not null
                                    and date = (ohlc_minute.bucket at time zone 'UTC')::date))`;

const IS_SOME_IN_FILES = `
  $2::timestamptz < ${MARK} and ${ARCHIVE_URL} is not null
  and exists (select from archive_days
               where symbol = $1 and dropped_at is not null and file is not null
                 and date >= ($2::timestamptz at time zone 'UTC')::date and date <= ($3::timestamptz at time zone 'UTC')::date)`;

/**
 * A tick is an outlier where it lies beyond both of its neighbours by that much. The average holds the outliers, too, so that among a
 * few dozen ticks none is found. Where not all ticks are in the table none is read.
 */
const READ = `
  with places as materialized (select (${IS_SOME_LOST}) as is_some_lost, (${IS_SOME_IN_FILES}) as is_some_in_files)
  select count(*) filter (where least(abs(here), abs(back)) > ${MOVES} * average and sign(here) = sign(back)) as outliers,
         count(*) filter (where is_crossed) as "crossedQuotes",
         (select is_some_lost from places) as "isSomeLost", (select is_some_in_files from places) as "isSomeInFiles"
    from (select here, back, is_crossed, avg(abs(here)) over () as average
            from (select price - lag(price) over in_order as here, price - lead(price) over in_order as back,
                         ask < bid as is_crossed
                    from ticks
                   where symbol = $1 and time >= $2 and time < $3 and ${IS_THERE}
                     and not (select is_some_lost or is_some_in_files from places)
                  window in_order as (order by time, seq)) moves) ticks`;

/**
 * Reads every tick of a range, the dropped ones from the archive.
 *
 * @param tickCount as many as the bars say there are
 * @throws Problem 503 while the archive is away and holds some
 */
export async function readOddTicks(reader: Reader, range: SymbolRange, tickCount: number): Promise<OddTicks> {
  const { symbol, fromUs, toUs } = range;
  const [row] = await reader.read((sql) => sql.unsafe<Row[]>(READ, [symbol, fromUs, toUs], { prepare: true }));
  if (row === undefined || row.isSomeLost) return { outliers: null, crossedQuotes: null };
  return row.isSomeInFiles ? countInPages(reader, range, tickCount) : row;
}

async function countInPages(reader: Reader, range: SymbolRange, tickCount: number): Promise<OddTicks> {
  const odd = new OddCount(tickCount);
  for (let [fromUs, afterSeq] = [range.fromUs, -1]; ; ) {
    const page = await readTicks(reader, { ...range, fromUs, afterSeq, rowsMax: PAGE_ROWS });
    odd.add(page);
    const [lastUs, lastSeq] = [page.timeUs.at(-1), page.seq.at(-1)];
    if (page.timeUs.length < PAGE_ROWS || lastUs === undefined || lastSeq === undefined) return odd;
    [fromUs, afterSeq] = [lastUs, lastSeq];
  }
}

import type { Queries } from "@fx-ohlc/database";
import type { Micros } from "@fx-ohlc/schemas";

/** A day of a symbol whose ticks are in a file and nowhere else. */
export interface DroppedDay {
  /** From the dataset's root. */
  readonly file: string;
  readonly bytes: number;
  readonly ticks: number;
  /** Of its first and its last tick. */
  readonly firstUs: Micros;
  readonly lastUs: Micros;
}

/** Days whose ticks are in files, ascending, and where the dataset lies. */
export interface DroppedDays {
  readonly url: string;
  readonly days: readonly DroppedDay[];
}

/** No piece of time that one statement looks through has more days. */
const DAYS_MAX = 1000;

/** Ticks before it are not in the table, or about to be dropped. */
export const MARK = "(select dropped_before from retention_mark)";
/** Null where nothing is archived. */
export const ARCHIVE_URL = "(select value from settings where key = 'archive_url' and value <> 'none')";

/**
 * Whether a row of `ticks` is there for readers. Without an archive nobody sees the half of a day that is being dropped. With one a
 * day is in the table until its entry says that it is not, whatever the mark says: both are read by one statement, so that a drop
 * between them shows no tick twice, and none in neither place.
 */
export const IS_THERE = `(time >= ${MARK}
        or ${ARCHIVE_URL} is not null
           and not exists (select from archive_days
                            where archive_days.symbol = ticks.symbol and date = (ticks.time at time zone 'UTC')::date
                              and dropped_at is not null))`;

/** The days in files of symbol $1 between two parameters, as {@link parseDropped} reads them; null where there are none. */
export function droppedDays(from = "$2", to = "$3"): string {
  return `case when ${from}::timestamptz < ${MARK} then (
           select json_build_object('url', ${ARCHIVE_URL}, 'days', json_agg(day order by day.date))::text
             from (select date, file, bytes, ticks, (extract(epoch from first) * 1000000)::bigint as "firstUs",
                          (extract(epoch from last) * 1000000)::bigint as "lastUs"
                     from archive_days
                    where symbol = $1 and dropped_at is not null and file is not null
                      and date >= (${from}::timestamptz at time zone 'UTC')::date
                      and date <= (${to}::timestamptz at time zone 'UTC')::date
                      and ${ARCHIVE_URL} is not null
                    order by date
                    limit ${DAYS_MAX}) day
           having count(*) > 0) end`;
}

/** Undefined where no day is in a file. */
export function parseDropped(text: string | null): DroppedDays | undefined {
  return text === null ? undefined : (JSON.parse(text) as DroppedDays); // The statement above wrote it.
}

/** From when on the ticks of a symbol are kept: without an archive since the mark, with one since its first day there. */
export async function readKeptFrom(sql: Queries, symbol: string): Promise<Micros> {
  const [kept] = await sql.unsafe<{ fromUs: Micros }[]>(
    `select least(dropped_before,
                  case when ${ARCHIVE_URL} is not null
                       then least((select min(date) from archive_days where symbol = $1),
                                  (select min(date) from archive_versions where symbol = $1))::timestamp at time zone 'UTC'
                  end) as "fromUs"
       from retention_mark`,
    [symbol],
    { prepare: true },
  );
  return kept?.fromUs ?? 0;
}

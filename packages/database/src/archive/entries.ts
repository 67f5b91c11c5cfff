import { type ArchiveEntry, type CurrentFile, ENTRY_COLUMNS } from "@fx-ohlc/archive";
import type { Micros, TimeRange } from "@fx-ohlc/schemas";
import { dateOf, type SymbolDay } from "../changed-days.js";
import type { Queries, Sql, Transaction } from "../sql.js";

/** A day as it is when work on it begins. */
export interface DayState {
  readonly version: number;
  /** Undefined: it was never archived. */
  readonly entry: ArchiveEntry | undefined;
}

/** Undefined: the day has no version, and so no ticks. */
export async function readDayState(sql: Queries, { symbol, date }: SymbolDay): Promise<DayState | undefined> {
  const [[row], [entry]] = await Promise.all([
    sql<{ version: number }[]>`
      select version from archive_versions where symbol = ${symbol} and date = ${date}::text::date`,
    sql.unsafe<ArchiveEntry[]>(
      `select ${ENTRY_COLUMNS} from archive_days where symbol = $1::text and date = $2::text::date`,
      [symbol, date],
    ),
  ]);
  return row === undefined ? undefined : { version: row.version, entry };
}

/** A number that no file of the day has, and nobody else was given. */
export async function takeNumber(sql: Queries, { symbol, date }: SymbolDay, above: number): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    update archive_versions set last_n = greatest(last_n, ${above}::int) + 1
     where symbol = ${symbol} and date = ${date}::text::date returning last_n as n`;
  if (row === undefined) throw new Error(`${symbol} has no ticks on ${date}`);
  return row.n;
}

export type NewEntry = Omit<ArchiveEntry, "verifiedUs" | "droppedUs">;

/**
 * Writes an entry where the day's is still the one that the work began with, and is not dropped.
 *
 * @returns whether it was
 */
export async function setEntry(
  transaction: Transaction,
  entry: NewEntry,
  before: ArchiveEntry | undefined,
): Promise<boolean> {
  const { symbol, date, n, file, ticksVersion, ticks, firstUs, lastUs, rowsChecksum, fileSha256, bytes } = entry;
  const { count } = await transaction`
    insert into archive_days as day (symbol, date, n, file, ticks_version, ticks, first, last, rows_checksum, file_sha256, bytes,
                                     written_at, verified_at)
    select ${symbol}, ${date}::text::date, ${n}::int, ${file}, ${ticksVersion}::bigint, ${ticks}::bigint,
           ${firstUs}::timestamptz, ${lastUs}::timestamptz, ${rowsChecksum}, ${fileSha256}, ${bytes}::bigint, fx_clock(), fx_clock()
        on conflict (symbol, date) do update
           set n = excluded.n, file = excluded.file, ticks_version = excluded.ticks_version, ticks = excluded.ticks,
               first = excluded.first, last = excluded.last, rows_checksum = excluded.rows_checksum,
               file_sha256 = excluded.file_sha256, bytes = excluded.bytes, written_at = excluded.written_at,
               -- Of a file that is kept nobody has read a byte.
               verified_at = case when excluded.file = day.file then day.verified_at else excluded.verified_at end
         where day.n = ${before?.n ?? 0}::int and day.ticks_version = ${before?.ticksVersion ?? 0}::bigint
           and day.dropped_at is null`;
  if (count === 0) return false;
  await transaction`
    update archive_versions set archived = ${ticksVersion}::bigint where symbol = ${symbol} and date = ${date}::text::date`;
  if (before !== undefined && before.file !== null && before.file !== file) {
    await transaction`
      insert into archive_replaced (file, replaced_at) values (${before.file}, fx_clock()) on conflict (file) do nothing`;
  }
  return true;
}

/** Which days wait, and what for. */
export interface Due {
  /** Days before it, `2025-12-05`. */
  readonly before: string;
  /** From then on; every one when absent. */
  readonly from?: string | undefined;
  /** Undefined: those that were archived and have changed wait for nothing. */
  readonly pace?: { readonly settledUs: Micros; readonly againUs: Micros } | undefined;
}

/** The oldest days that are to be archived now. */
export function dueDays(sql: Queries, { before, from = "-infinity", pace }: Due, limit: number): Promise<SymbolDay[]> {
  const settled = `${pace?.settledUs ?? 0} microseconds`;
  const again = `${pace?.againUs ?? 0} microseconds`;
  return sql<SymbolDay[]>`
    select waiting.symbol, waiting.date::text as date
      from archive_versions waiting
      left join archive_days day on day.symbol = waiting.symbol and day.date = waiting.date
     where waiting.version is distinct from waiting.archived
       and waiting.date < ${before}::text::date and waiting.date >= ${from}::text::date
       and (day.symbol is null or day.dropped_at is null
            and waiting.drawn_at <= fx_clock() - ${settled}::interval and day.written_at <= fx_clock() - ${again}::interval)
     order by waiting.date, waiting.symbol
     limit ${limit}::int`;
}

/** What waits to be archived, whether its time has come or not. */
export interface Backlog {
  readonly days: number;
  /** The oldest one, of those that were never archived. */
  readonly oldestUs: Micros | null;
  /** That are dropped, and of which somebody has put ticks into the table since: nobody reads those, and they are not archived. */
  readonly foreignDays: number;
}

export async function readBacklog(sql: Queries, beforeUs: Micros): Promise<Backlog> {
  const [row] = await sql<Backlog[]>`
    select count(*) filter (where day.dropped_at is null) as days,
           min(waiting.date::timestamp at time zone 'UTC') filter (where day.symbol is null) as "oldestUs",
           count(*) filter (where day.dropped_at is not null) as "foreignDays"
      from archive_versions waiting
      left join archive_days day on day.symbol = waiting.symbol and day.date = waiting.date
     where waiting.version is distinct from waiting.archived
       and waiting.date < ${dateOf(beforeUs)}::text::date`;
  return row ?? { days: 0, oldestUs: null, foreignDays: 0 };
}

/** Entries of a range of days, by symbol and date, in parts. */
export async function* entriesOf(
  sql: Sql,
  symbol: string | undefined,
  range: TimeRange,
): AsyncIterable<ArchiveEntry[]> {
  yield* sql
    .unsafe<ArchiveEntry[]>(
      `select ${ENTRY_COLUMNS} from archive_days
        where date >= $1::text::date and date <= $2::text::date and ($3::text is null or symbol = $3::text)
        order by symbol, date`,
      [dateOf(range.fromUs), dateOf(range.toUs - 1), symbol ?? null],
    )
    .cursor(1000);
}

/** Every file that counts, in parts. */
export async function* currentFiles(sql: Sql): AsyncIterable<CurrentFile[]> {
  yield* sql<CurrentFile[]>`
    select symbol, date::text as date, file as path, ticks, file_sha256 as checksum
      from archive_days where file is not null order by symbol, date`.cursor(50_000);
}

import { bucketEnd, bucketStart, type DayBoundary, SHORT_NAMES, type TimeRange, US_PER_SECOND } from "@fx-ohlc/schemas";
import type { Sql } from "./sql.js";

/**
 * Runs a refresh of all symbols' bars in a range of history, of whole days (TimescaleDB only). The triggers of migration 011 would
 * draw a version for each row, of which there are millions: so the range is marked first, for every symbol, as one that nobody may
 * keep anything of; its rows draw nothing; and it gets new versions when all is done. Rows outside of it draw as always.
 *
 * Where the work fails the mark stays until {@link settleBars}, by the next leader: this one's session, which alone the triggers
 * leave out, ends with the failure.
 *
 * @param sql a session
 */
export async function whileUnsettled<T>(
  sql: Sql,
  range: TimeRange,
  boundary: DayBoundary,
  work: () => Promise<T>,
): Promise<T> {
  const fromUs = bucketStart(range.fromUs, SHORT_NAMES.day, boundary);
  const toUs = bucketEnd(range.toUs - 1, SHORT_NAMES.day, boundary);
  await sql`
    insert into bar_versions (symbol, day, version)
    select '', day::date, null::bigint
      from generate_series(date_trunc('day', ${fromUs}::timestamptz, 'UTC') at time zone 'UTC',
                           (${toUs - 1}::timestamptz) at time zone 'UTC', interval '1 day') as day
        on conflict (symbol, day) do update set version = null`;
  await leaveOut(sql, `${fromUs / US_PER_SECOND}`, `${toUs / US_PER_SECOND}`);
  const result = await work();
  await leaveOut(sql, "", "");
  await settleBars(sql);
  return result;
}

/** Draws versions for all that is marked as unsettled: whoever marked it is done, or gone. */
export async function settleBars(sql: Sql): Promise<void> {
  await sql`update bar_versions set version = new_version() where symbol = '' and version is null`;
}

/** Rows of this session in a range, in seconds since 1970, draw no versions from now on: the triggers take them for young. */
async function leaveOut(sql: Sql, fromS: string, toS: string): Promise<void> {
  await sql`
    select set_config('fx.closing_minute', ${fromS}, false), set_config('fx.closing_hour', ${fromS}, false),
           set_config('fx.closing_day', ${fromS}, false), set_config('fx.unsettled_to', ${toS}, false)`;
}

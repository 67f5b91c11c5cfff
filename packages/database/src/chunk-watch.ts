import { formatTime, type Micros, US_PER_DAY } from "@fx-ohlc/schemas";
import { BAR_RELATIONS } from "./bar-families.js";
import type { Leadership } from "./leadership.js";
import type { Sql, Transaction } from "./sql.js";

/** Something an operator should know. */
export type Notice = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * Lets the mark follow chunks that somebody dropped by hand, before anything is refreshed there: their bars are all that is left
 * of them. A chunk is gone when it was there at an earlier look and no chunk that was there then covers its range now.
 */
export async function followDroppedChunks(leadership: Leadership, sql: Sql, notice: Notice): Promise<void> {
  const [{ isChanged } = { isChanged: true }] = await sql<{ isChanged: boolean }[]>`
    select exists (table tick_chunks_now except table tick_chunks)
        or exists (table tick_chunks except table tick_chunks_now) as "isChanged"`;
  if (!isChanged) return;
  const droppedToUs = await leadership.transaction(async (transaction) => {
    // One statement, one look: a chunk that is dropped meanwhile is found by the next one.
    const [gone] = await transaction<{ to: Micros | null }[]>`
      with forgotten as (
        delete from tick_chunks where id not in (select id from tick_chunks_now)
      ), noted as (
        insert into tick_chunks (id, from_time, to_time)
        select id, from_time, to_time from tick_chunks_now
            on conflict (id) do update set from_time = excluded.from_time, to_time = excluded.to_time
      )
      select chunks_gone_to() as to from retention_mark where chunks_gone_to() > whole_from`;
    const toUs = gone?.to == null ? undefined : Math.ceil(gone.to / US_PER_DAY) * US_PER_DAY;
    if (toUs !== undefined) {
      await transaction`
        update retention_mark
           set dropped_before = greatest(dropped_before, ${toUs}), whole_from = greatest(whole_from, ${toUs})`;
    }
    await enterGone(transaction);
    return toUs;
  });
  if (droppedToUs !== undefined) {
    notice("chunks of ticks were dropped by hand: their bars stay, and no older ticks are accepted or shown", {
      dropped_before: formatTime(droppedToUs),
    });
  }
}

/**
 * What the archive has of ticks whose chunk is gone is all there is now, also where they had changed since; and also where the mark
 * had been there before. Of an archive that was given up only what it has as it was counts, and days that were dropped then have no
 * version any more.
 */
async function enterGone(transaction: Transaction): Promise<void> {
  await transaction`
    update archive_days day set dropped_at = fx_clock()
      from retention_mark
     where date < (dropped_before at time zone 'UTC')::date and dropped_at is null
       and exists (select from archive_versions known
                    where known.symbol = day.symbol and known.date = day.date
                      and (exists (select from settings where key = 'archive_url')
                           or known.version = day.ticks_version and known.archived = day.ticks_version))
       and not exists (select 1 from tick_chunks_now
                        where from_time <= day.date::timestamp at time zone 'UTC'
                          and to_time > day.date::timestamp at time zone 'UTC')`;
}

/**
 * Removes policies that would drop ticks or refresh bars without knowing what is whole: those of the first version, or made by
 * hand.
 */
export async function removeForeignPolicies(sql: Sql, notice: Notice): Promise<void> {
  const jobs = await sql<{ job_id: number; proc_name: string }[]>`
    select job_id, proc_name
      from timescaledb_information.jobs
     where hypertable_schema = current_schema()
       and ((proc_name = 'policy_retention' and hypertable_name = 'ticks')
            or (proc_name = 'policy_refresh_continuous_aggregate'
                and hypertable_name = any(${[...BAR_RELATIONS]}::text[])))`;
  for (const { job_id, proc_name } of jobs) {
    await sql`select delete_job(${job_id}::int)`;
    notice("a policy was removed: ticks are dropped and bars refreshed by tick-ingest alone", { job_id, proc_name });
  }
}

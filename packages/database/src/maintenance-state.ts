import type { Engine } from "./settings.js";
import type { Queries } from "./sql.js";

/** What waits for whoever looks after bars and ticks. */
export interface MaintenanceState {
  /** Windows of late ticks and corrections whose bars are not refreshed yet. */
  readonly windows: number;
  /** Seconds since the oldest of them was queued; 0 when none waits. */
  readonly ageS: number;
  /** Seconds until all of them are likely to be done, as fast as they went lately. */
  readonly etaS: number;
  /** Seconds since the oldest commit that nobody was told of yet; milliseconds while all is well. */
  readonly untoldAgeS: number;
  /** Why expired ticks are not dropped until somebody has confirmed the clock; null when they are. */
  readonly heldBecause: string | null;
  /** The mark of dropped ticks lies in the future, and ticks of the present are refused. */
  readonly isMarkAhead: boolean;
  /** Nothing is archived, and nothing dropped, until somebody has looked at the archive's dataset. */
  readonly isArchiveRefused: boolean;
  /** Seconds since the end of the last closed minute; 0 where none is closed yet. What is not closed is kept in no memory. */
  readonly closedAgeS: number;
}

export async function readMaintenance(sql: Queries, engine: Engine): Promise<MaintenanceState> {
  const [marks] = await sql<
    Pick<MaintenanceState, "heldBecause" | "isMarkAhead" | "isArchiveRefused" | "closedAgeS" | "untoldAgeS">[]
  >`
    select held_because as "heldBecause", dropped_before > fx_clock() as "isMarkAhead",
           (select refused_because is not null from archive_state) as "isArchiveRefused",
           case when minute_to < '1970-01-01 00:00:00+00' then 0
                else greatest(0, extract(epoch from fx_clock() - minute_to)) end::float8 as "closedAgeS",
           (select greatest(0, coalesce(extract(epoch from clock_timestamp() - min(written_at)), 0))::float8
              from untold_commits) as "untoldAgeS"
      from maintenance, retention_mark, bar_mark`;
  const state = marks ?? {
    ...{ heldBecause: null, isMarkAhead: false, isArchiveRefused: false },
    ...{ closedAgeS: 0, untoldAgeS: 0 },
  };
  if (engine === "postgres") return { windows: 0, ageS: 0, etaS: 0, ...state };
  const [queue] = await sql<{ windows: number; ageS: number; etaS: number }[]>`
    select count(*) as windows,
           coalesce(extract(epoch from clock_timestamp() - min(queued_at)), 0)::float8 as "ageS",
           count(*) / (select windows_per_s from maintenance) as "etaS"
      from refresh_queue`;
  return { ...(queue ?? { windows: 0, ageS: 0, etaS: 0 }), ...state };
}

/** A job of TimescaleDB on tables of its users, such as the one that compresses old ticks. */
export interface DatabaseJob {
  readonly policy: string;
  readonly table: string;
  readonly hasFailed: boolean;
}

/** How the jobs of TimescaleDB ended when they ran last: one that fails for days fills the disk, and says so nowhere else. */
export async function readJobs(sql: Queries, engine: Engine): Promise<readonly DatabaseJob[]> {
  if (engine === "postgres") return [];
  return sql<DatabaseJob[]>`
    select proc_name as policy, hypertable_name as table, last_run_status = 'Failed' as "hasFailed"
      from timescaledb_information.jobs join timescaledb_information.job_stats using (job_id, hypertable_name)
     where last_run_status is not null`;
}

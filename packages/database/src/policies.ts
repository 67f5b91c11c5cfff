import type { StoredInterval } from "@fx-ohlc/schemas";
import type { Engine } from "./settings.js";
import type { Sql, Transaction } from "./sql.js";

/** Seconds between two refreshes of each aggregate. */
export type RefreshIntervals = Readonly<Record<StoredInterval, number>>;

/**
 * How far behind the clock each aggregate is refreshed, in seconds: everything newer is computed by real-time reads, also
 * when a transaction is still open while a refresh runs. A tick is late when its minute ended more than half of the
 * minute's end offset ago.
 */
export const END_OFFSET_S: RefreshIntervals = { minute: 600, hour: 2 * 3600, day: 2 * 86_400 };

/** How far back the policies look, in seconds; what is older is the refresh worker's. */
export const START_OFFSET_S: RefreshIntervals = { minute: 3600, hour: 86_400, day: 7 * 86_400 };

interface Policies {
  readonly compressionAfterDays: number;
  readonly retentionDays: number;
  readonly refreshIntervals: RefreshIntervals;
}

async function refreshPolicy(sql: Transaction, interval: StoredInterval, everyS: number): Promise<void> {
  const relation = `ohlc_${interval}`;
  await sql`select remove_continuous_aggregate_policy(${relation}::regclass, if_exists => true)`;
  await sql`
    select add_continuous_aggregate_policy(${relation}::regclass,
             start_offset      => make_interval(secs => ${START_OFFSET_S[interval]}),
             end_offset        => make_interval(secs => ${END_OFFSET_S[interval]}),
             schedule_interval => make_interval(secs => ${everyS}),
             buckets_per_batch => 0)`;
}

async function timescalePolicies(sql: Transaction, policies: Policies): Promise<void> {
  for (const interval of ["minute", "hour", "day"] as const) {
    await refreshPolicy(sql, interval, policies.refreshIntervals[interval]);
  }
  await sql.unsafe("call remove_columnstore_policy('ticks', if_exists => true)");
  if (policies.compressionAfterDays > 0) {
    await sql.unsafe(
      `call add_columnstore_policy('ticks', after => interval '${Math.trunc(policies.compressionAfterDays)} days')`,
    );
  }
  await sql`select remove_retention_policy('ticks', if_exists => true)`;
  if (policies.retentionDays > 0) {
    await sql`select add_retention_policy('ticks', drop_after => make_interval(days => ${policies.retentionDays}))`;
  }
}

/** Puts the policies in force that are asked for, in place of those of an earlier run, and records what services must know. */
export async function applyPolicies(sql: Sql, engine: Engine, policies: Policies): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`
      insert into settings (key, value) values ('retention_days', ${String(policies.retentionDays)})
      on conflict (key) do update set value = excluded.value`;
    if (engine === "timescaledb") await timescalePolicies(transaction, policies);
  });
}

import { readMigrations } from "../src/migration-file.js";
import { type Engine, FIRST_VERSION_SCHEMA } from "../src/settings.js";
import type { Sql } from "../src/sql.js";

/** Makes of an empty database one as the first version left it: its four migrations, its settings, its policies. */
export async function makeFirstVersion(sql: Sql, engine: Engine, retentionDays: number): Promise<void> {
  await sql`create table schema_migrations (version integer primary key, name text not null, applied_at timestamptz not null default now())`;
  for (const { version, name, steps } of (await readMigrations(engine)).slice(0, FIRST_VERSION_SCHEMA)) {
    for (const step of steps) await sql.unsafe(step.sql);
    await sql`insert into schema_migrations (version, name) values (${version}, ${name})`;
    if (version === 1) {
      await sql`insert into settings values ('engine', ${engine}), ('day_start_hour', '22'), ('day_timezone', 'UTC')`;
    }
  }
  await sql`insert into settings values ('retention_days', ${String(retentionDays)})`;
  if (engine === "timescaledb") await addFirstPolicies(sql, retentionDays);
}

/** They are there, and do nothing at a moment that no test has chosen. */
async function addFirstPolicies(sql: Sql, retentionDays: number): Promise<void> {
  for (const level of ["minute", "hour", "day"]) {
    await sql`
      select add_continuous_aggregate_policy(${`ohlc_${level}`}::regclass, start_offset => interval '7 days',
               end_offset => interval '2 days', schedule_interval => interval '77 seconds',
               initial_start => now() + interval '1 day')`;
  }
  await sql.unsafe("call add_columnstore_policy('ticks', after => interval '3 days')");
  if (retentionDays > 0) {
    await sql`
      select add_retention_policy('ticks', drop_after => make_interval(days => ${retentionDays}),
               initial_start => now() + interval '1 day')`;
  }
}

import type postgres from "postgres";

/**
 * What a dead tick-ingest committed and did not tell of is declared once it is 15 s old: makes it as old at once, so that no test
 * waits for that. Only while no tick-ingest lives: one would still tell of what somebody else then declares.
 */
export async function ageUntold(sql: postgres.Sql): Promise<void> {
  await sql`update untold_commits set written_at = written_at - interval '1 minute'`;
}

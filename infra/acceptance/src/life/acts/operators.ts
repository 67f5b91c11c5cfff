import { formatTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { DAY_US, LEVELS } from "../buckets.js";
import type { EventOf, OperatorAct } from "../event.js";
import type { Life } from "../life.js";
import { HISTORY_DAYS } from "../places.js";

/** Nobody drops by hand what is younger: bars of it may not be materialised. */
const BY_HAND_AFTER_DAYS = 4;

/** Days before the database's present, at random. */
async function someDaysAgo(life: Life, at: number): Promise<number> {
  const { nowUs } = await life.facts();
  const days = BY_HAND_AFTER_DAYS + Math.floor(at * (HISTORY_DAYS - BY_HAND_AFTER_DAYS));
  return Math.floor(nowUs / DAY_US) * DAY_US - days * DAY_US;
}

/** The way that the guide gives: it knows what is whole. */
async function refreshSafely(life: Life): Promise<void> {
  for (const level of LEVELS) await life.system.database.sql`call refresh_bars(${level}, '-infinity', 'infinity')`;
}

const ACTS: Readonly<Record<OperatorAct, (life: Life, at: number) => Promise<void>>> = {
  vacuum: async ({ system }) => {
    await system.database.sql`vacuum analyze`;
  },

  "drop-chunks": async (life, at) => {
    const us = await someDaysAgo(life, at);
    await refreshSafely(life);
    life.marks.allowByHand(us);
    await life.system.database.sql`select drop_chunks('ticks', older_than => ${formatTime(us)}::timestamptz)`;
    // Before anybody can have seen that they are gone.
    await refreshSafely(life);
  },

  "retention-policy": async (life, at) => {
    const days = BY_HAND_AFTER_DAYS + Math.floor(at * (HISTORY_DAYS - BY_HAND_AFTER_DAYS));
    await refreshSafely(life);
    // TimescaleDB knows only this machine's clock.
    life.marks.allowByHand(Math.floor((Date.now() * 1_000) / DAY_US) * DAY_US - days * DAY_US);
    const { sql } = life.system.database;
    await sql`select add_retention_policy('ticks', drop_after => make_interval(days => ${days}), if_not_exists => true)`;
    await runJobs(life, "policy_retention");
  },

  "run-jobs": (life) => runJobs(life, "%"),

  compress: async (life, at) => {
    const { sql } = life.system.database;
    const us = await someDaysAgo(life, at);
    const chunks = await sql<{ chunk: string }[]>`
      select c::text as chunk from show_chunks('ticks', older_than => ${formatTime(us)}::timestamptz) c limit 3`;
    for (const { chunk } of chunks)
      await sql`call convert_to_columnstore(${chunk}::regclass, if_not_columnstore => true)`;
  },

  "refresh-safely": refreshSafely,

  // TimescaleDB's own, over dropped ticks and up to the present.
  "refresh-all": async ({ system }) => {
    const refresh = (level: string) =>
      system.database.sql.unsafe(
        `call refresh_continuous_aggregate('ohlc_${level}', null, null, force => true, options => '{"buckets_per_batch": 0}')`,
      );
    for (const level of LEVELS) await eventually(() => refresh(level), { what: "a refresh beside the system's own" });
  },
};

/** Jobs may be gone by the time they are run: what was made by hand is removed. */
async function runJobs(life: Life, name: string): Promise<void> {
  const { sql } = life.system.database;
  const jobs = await sql<{ id: number }[]>`
    select job_id as id from timescaledb_information.jobs where hypertable_name is not null and proc_name like ${name}`;
  for (const { id } of jobs) await sql`call run_job(${id})`.catch(() => undefined);
}

export async function operator(life: Life, { act, at }: EventOf<"operator">): Promise<void> {
  if (life.system.database.hasTimescale || act === "vacuum") await ACTS[act](life, at);
}

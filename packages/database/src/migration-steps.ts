import { setTimeout as sleep } from "node:timers/promises";
import { fullJitterMs } from "@fx-ohlc/service-kit";
import type { Migration } from "./migration-file.js";
import { FIRST_VERSION_SCHEMA, settingsOf } from "./settings.js";
import type { Sql, Transaction } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

/** A statement that waits behind an open writer holds up everybody behind it: it gives up soon, and tries again. */
const LOCK_TIMEOUT_MS = 500;
/** The pauses are longer than the waits, so that the others go on; a transaction of a service ends within 35 s. */
const LOCK_BACKOFF = { baseMs: 1000, maxMs: 4000 };
/** Two to three minutes. */
const LOCK_TRIES_MAX = 60;
/** Tries between two lines that say what is waited for. */
const TELL_EVERY = 10;
/** The key of the setting that says which step of which migration was done last, while it is under way. */
const PROGRESS = "migration_step";

/** Told what is done and waited for, in sentences. */
export type Tell = (line: string) => void;

/**
 * Runs a transaction whose statements wait for locks for 500 ms at most, again and again until it gets them.
 *
 * @param what names it to whoever waits
 * @throws Error when something has held a lock for minutes, saying who
 */
export async function withoutHoldingUp(
  sql: Sql,
  { what, log }: { readonly what: string; readonly log: Tell },
  work: (transaction: Transaction) => Promise<unknown>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await sql.begin(async (transaction) => {
        await transaction`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true)`;
        await work(transaction);
      });
      return;
    } catch (error) {
      const code = errorCode(error);
      if (code !== SQL_STATE.lockNotAvailable && code !== SQL_STATE.deadlockDetected) throw error;
      const waits = `${what} waits for a lock; ${await oldestTransaction(sql)}`;
      if (tries >= LOCK_TRIES_MAX) throw new Error(`${waits}. Run fx-migrate again: it goes on here`, { cause: error });
      if (tries % TELL_EVERY === 1) log(waits);
      await sleep(fullJitterMs(tries - 1, LOCK_BACKOFF));
    }
  }
}

/** Who it is nearly always that holds the lock. */
async function oldestTransaction(sql: Sql): Promise<string> {
  const [oldest] = await sql<{ pid: number; name: string; openS: number | null }[]>`
    select pid, application_name as name, extract(epoch from clock_timestamp() - xact_start)::int as "openS"
      from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
     order by xact_start limit 1`;
  if (oldest === undefined) return "no other transaction is open any more";
  return `the oldest transaction is of "${oldest.name}", process ${oldest.pid}, open for ${oldest.openS ?? "?"} s`;
}

/**
 * Applies a migration, from the step on that an earlier run has not done.
 *
 * @param finish runs in the last step's transaction
 */
export async function applyMigration(
  sql: Sql,
  { version, name, steps }: Migration,
  log: Tell,
  finish: (transaction: Transaction) => Promise<unknown>,
): Promise<void> {
  const done = await stepsDone(sql, version);
  for (const [index, { sql: statements, isTransaction }] of steps.entries()) {
    if (index < done) continue;
    const number = index + 1;
    const what = `${name}, step ${number} of ${steps.length}`;
    if (steps.length > 1) log(what);
    // It waits for every transaction, and nobody waits behind it.
    if (!isTransaction) await sql.unsafe(statements);
    await withoutHoldingUp(sql, { what, log }, async (transaction) => {
      if (isTransaction) await transaction.unsafe(statements);
      if (number < steps.length) await setSetting(transaction, PROGRESS, `${version}/${number}`);
      else await finish(transaction);
    });
  }
}

/** Of a migration that was begun. The first one makes the settings. */
export async function stepsDone(sql: Sql, version: number): Promise<number> {
  if (version === 1) return 0;
  const [begun, done] = (await settingsOf(sql)).get(PROGRESS)?.split("/") ?? [];
  return Number(begun) === version ? Number(done) : 0;
}

/** Records that a migration is done. */
export async function recordMigration(transaction: Transaction, { version, name }: Migration): Promise<void> {
  const table = version <= FIRST_VERSION_SCHEMA ? "schema_migrations" : "schema_changes";
  await transaction`insert into ${transaction(table)} (version, name) values (${version}, ${name})`;
  await transaction`delete from settings where key = ${PROGRESS}`;
}

/** Records which services a schema serves from now on; those of the first version find it where they look. */
export async function recordServesFrom(transaction: Transaction, version: number): Promise<void> {
  await setSetting(transaction, "serves_from", String(version));
  if (version <= FIRST_VERSION_SCHEMA) return;
  await transaction`
    insert into schema_migrations (version, name) select version, name from schema_changes on conflict do nothing`;
}

async function setSetting(transaction: Transaction, key: string, value: string): Promise<void> {
  await transaction`
    insert into settings (key, value) values (${key}, ${value}) on conflict (key) do update set value = excluded.value`;
}

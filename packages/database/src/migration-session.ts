import { setTimeout as sleep } from "node:timers/promises";
import type { Tell } from "./migration-steps.js";
import { readServerState, schemaOf, searchPathOf, whyUnwritable } from "./server-state.js";
import { completeSession, mendSession } from "./session.js";
import { IncompatibleSchemaError } from "./settings.js";
import { openPool, type Sql } from "./sql.js";

/** Between two looks whether another fx-migrate is done. */
const TURN_POLL_MS = 500;

interface SessionPurpose {
  /** Held as long as the session: who wants the same one waits. */
  readonly lock: number;
  readonly log: Tell;
}

/**
 * Makes everything that follows happen in the schema that has the tables; for a new database in the one where `search_path`
 * puts new tables. A `search_path` that was changed since must not lead to a second, empty system beside the first.
 */
async function enterSchema(sql: Sql, log: Tell): Promise<void> {
  const state = await readServerState(sql);
  const obstacle = whyUnwritable(state);
  if (obstacle !== undefined) throw new IncompatibleSchemaError(obstacle);
  const known = schemaOf(state);
  const schema = known ?? state.homeSchema;
  if (schema === null) throw new IncompatibleSchemaError("search_path names no schema to make tables in");
  if (schema !== state.homeSchema) log(`the tables are in the schema ${schema}, whatever search_path says`);
  await completeSession(sql, { serverVersion: state.version, searchPath: searchPathOf(schema, state) });
}

/** Waits without a statement under way: `create index concurrently` waits for every transaction there is. */
async function takeTurn(sql: Sql, { lock, log }: SessionPurpose): Promise<void> {
  for (let looks = 0; ; looks += 1) {
    const [row] = await sql<{ isOurs: boolean }[]>`select pg_try_advisory_lock(${lock}) as "isOurs"`;
    if (row?.isOurs === true) return;
    if (looks === 0) log("another fx-migrate is at work on this database: waiting for it");
    await sleep(TURN_POLL_MS);
  }
}

/**
 * Runs one kind of work of fx-migrate, in a session of its own and one at a time on a database.
 *
 * @throws IncompatibleSchemaError when nothing can be written, or there are two systems in the database
 */
export async function inMigrationSession<T>(
  purpose: SessionPurpose & { readonly url: string },
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const { url, log } = purpose;
  const sql = openPool({ url, applicationName: "fx-migrate", connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    await takeTurn(sql, purpose);
    await enterSchema(sql, log);
    await mendSession(sql);
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

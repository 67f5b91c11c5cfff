import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type DayBoundary, sameBoundary } from "@fx-ohlc/schemas";
import { fullJitterMs } from "@fx-ohlc/service-kit";
import { type ChangeableSettings, recordSettings } from "./changeable-settings.js";
import { storedBoundaryProblem } from "./day-boundary.js";
import { detectEngine } from "./engine.js";
import { applyCompression } from "./policies.js";
import { readServerState, schemaOf, searchPathOf, whyUnwritable } from "./server-state.js";
import { completeSession, mendSession } from "./session.js";
import {
  type Engine,
  FIRST_VERSION_SCHEMA,
  IncompatibleSchemaError,
  SCHEMA_VERSION,
  schemaVersion,
  settingsOf,
  VERSION_TABLES,
} from "./settings.js";
import { openPool, type Sql, type Transaction } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

/** A day boundary, or one part of it. */
type BoundaryParts = { readonly [part in keyof DayBoundary]?: DayBoundary[part] | undefined };

/** What a database is migrated with. Settings that are left out keep the values recorded in it. */
export interface MigrateOptions extends ChangeableSettings {
  readonly url: string;
  readonly engine: Engine | "auto";
  /** What is left out is as recorded, and 22:00 UTC for a new database. */
  readonly dayBoundary?: BoundaryParts | undefined;
  /** Somebody has looked at the clocks: ticks may be dropped again. */
  readonly confirmClock?: boolean | undefined;
  /** Gives this database's streams on Redis names of their own, where the first version made it. */
  readonly ownStreamNames?: boolean | undefined;
  /** Called with one sentence for each thing done. */
  readonly log?: (line: string) => void;
}

const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));
/** The day boundary of a database that was made without one. */
const FIRST_BOUNDARY: DayBoundary = { hour: 22, timezone: "UTC" };
/** Any number: it only has to be the same in every build. */
const MIGRATION_LOCK = 5_064_221;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

async function migrationsOf(engine: Engine): Promise<Migration[]> {
  const names = (await readdir(`${MIGRATIONS}/${engine}`)).filter((name) => name.endsWith(".sql")).sort();
  const load = async (name: string) => ({
    version: Number.parseInt(name, 10),
    name,
    sql: await readFile(`${MIGRATIONS}/${engine}/${name}`, "utf8"),
  });
  return Promise.all(names.map(load));
}

/** The settings that bars are built with are written once, before the migration that builds them. */
async function recordFixedSettings(sql: Transaction, engine: Engine, boundary: DayBoundary): Promise<void> {
  await sql`
    insert into settings (key, value)
    values ('engine', ${engine}), ('day_start_hour', ${String(boundary.hour)}), ('day_timezone', ${boundary.timezone})`;
}

/** An `alter table` that waits behind an open writer holds up everybody behind it: it gives up soon, and tries again. */
const LOCK_TIMEOUT_MS = 500;
/** A transaction of a service ends within 35 s, whatever happens. */
const LOCK_TRIES_MAX = 120;

async function apply(sql: Sql, migration: Migration, engine: Engine, boundary: DayBoundary): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await applyOnce(sql, migration, engine, boundary);
      return;
    } catch (error) {
      if (errorCode(error) !== SQL_STATE.lockNotAvailable || tries >= LOCK_TRIES_MAX) throw error;
      await sleep(fullJitterMs(0, { baseMs: LOCK_TIMEOUT_MS, maxMs: LOCK_TIMEOUT_MS }));
    }
  }
}

async function applyOnce(sql: Sql, migration: Migration, engine: Engine, boundary: DayBoundary): Promise<void> {
  const { version, name } = migration;
  await sql.begin(async (transaction) => {
    await transaction`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true)`;
    await transaction.unsafe(migration.sql);
    if (version === 1) await recordFixedSettings(transaction, engine, boundary);
    const table = version <= FIRST_VERSION_SCHEMA ? "schema_migrations" : "schema_changes";
    await transaction`insert into ${transaction(table)} (version, name) values (${version}, ${name})`;
  });
}

/** What day bars are built with never changes, and is what the bars are. */
async function refuseOtherBars(sql: Sql, { engine, dayBoundary }: MigrateOptions): Promise<void> {
  const settings = await settingsOf(sql);
  const recorded = { hour: Number(settings.get("day_start_hour")), timezone: settings.get("day_timezone") ?? "" };
  if (!sameBoundary(withParts(recorded, dayBoundary), recorded)) {
    throw new IncompatibleSchemaError(
      `day bars of this database start at ${recorded.hour}:00 ${recorded.timezone}; set DAY_START_HOUR and DAY_TIMEZONE to that or leave them out, and ask for other days with ?day_start_hour=&timezone=`,
    );
  }
  const recordedEngine = settings.get("engine");
  if (engine !== "auto" && recordedEngine !== engine) {
    throw new IncompatibleSchemaError(
      `this database was migrated for ${recordedEngine}, and DB_ENGINE asks for ${engine}`,
    );
  }
}

function withParts(whole: DayBoundary, { hour, timezone }: BoundaryParts = {}): DayBoundary {
  return { hour: hour ?? whole.hour, timezone: timezone ?? whole.timezone };
}

async function makeVersionTables(sql: Sql): Promise<void> {
  for (const table of VERSION_TABLES) {
    await sql`
      create table if not exists ${sql(table)} (
        version    integer     primary key,
        name       text        not null,
        applied_at timestamptz not null default now()
      )`;
  }
}

async function confirmClock(transaction: Transaction, log: (line: string) => void): Promise<void> {
  const [held] = await transaction<{ held_because: string }[]>`
    select held_because from maintenance where held_because is not null for update`;
  if (held === undefined) return;
  await transaction`update maintenance set held_because = null`;
  log(`the clock is confirmed, and expired ticks are dropped again (they were kept: ${held.held_because})`);
}

async function nameStreams(transaction: Transaction, log: (line: string) => void): Promise<void> {
  const { count } = await transaction`
    update settings set value = own.value from settings own
     where settings.key = 'stream_namespace' and own.key = 'database_id' and settings.value <> own.value`;
  if (count > 0) log("streams on Redis have names of their own from now on: start all services anew");
}

/**
 * Makes everything that follows happen in the schema that has the tables; for a new database in the one where `search_path`
 * puts new tables. A `search_path` that was changed since must not lead to a second, empty system beside the first.
 */
async function enterSchema(sql: Sql, log: (line: string) => void): Promise<void> {
  const state = await readServerState(sql);
  const obstacle = whyUnwritable(state);
  if (obstacle !== undefined) throw new IncompatibleSchemaError(obstacle);
  const known = schemaOf(state);
  const schema = known ?? state.homeSchema;
  if (schema === null) throw new IncompatibleSchemaError("search_path names no schema to make tables in");
  if (schema !== state.homeSchema) log(`the tables are in the schema ${schema}, whatever search_path says`);
  await completeSession(sql, { serverVersion: state.version, searchPath: searchPathOf(schema, state) });
}

async function migrateLocked(sql: Sql, options: MigrateOptions): Promise<Engine> {
  const log = options.log ?? (() => {});
  await makeVersionTables(sql);
  const applied = await schemaVersion(sql);
  if (applied > SCHEMA_VERSION) {
    throw new IncompatibleSchemaError(
      `the database's schema is version ${applied}, this build knows ${SCHEMA_VERSION}: use a newer one`,
    );
  }
  const recorded = applied > 0 ? (await settingsOf(sql)).get("engine") : undefined;
  const engine = await detectEngine(sql, options.engine, recorded, log);
  if (applied > 0) await refuseOtherBars(sql, options);
  for (const migration of await migrationsOf(engine)) {
    if (migration.version <= applied) continue;
    await apply(sql, migration, engine, withParts(FIRST_BOUNDARY, options.dayBoundary));
    log(`applied ${engine}/${migration.name}`);
  }
  await sql.begin(async (transaction) => {
    const settings = await recordSettings(transaction, engine, options, log);
    if (engine === "timescaledb") await applyCompression(transaction, settings.compression_after_days);
    if (options.confirmClock === true) await confirmClock(transaction, log);
    if (options.ownStreamNames === true) await nameStreams(transaction, log);
  });
  return engine;
}

/**
 * Brings a database to this build's schema and records the settings that are given. Safe to run again, and from two places at
 * once: the second waits for the first.
 *
 * @throws IncompatibleSchemaError when the database is newer than this build, or was built with another boundary or engine
 * @throws RangeError when day bars cannot be stored with the boundary
 */
export async function migrate(options: MigrateOptions): Promise<Engine> {
  const problem = storedBoundaryProblem(withParts(FIRST_BOUNDARY, options.dayBoundary));
  if (problem !== undefined) throw new RangeError(problem);
  const sql = openPool({ url: options.url, applicationName: "fx-migrate", connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await enterSchema(sql, options.log ?? (() => {}));
    await mendSession(sql);
    return await migrateLocked(sql, options);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

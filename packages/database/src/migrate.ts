import { setTimeout as sleep } from "node:timers/promises";
import { type DayBoundary, sameBoundary } from "@fx-ohlc/schemas";
import { recordArchive } from "./archive-setting.js";
import { type ChangeableSettings, recordSettings } from "./changeable-settings.js";
import { storedBoundaryProblem } from "./day-boundary.js";
import { detectEngine } from "./engine.js";
import { putAdminKey } from "./first-key.js";
import { type Migration, readMigrations } from "./migration-file.js";
import { inMigrationSession } from "./migration-session.js";
import {
  applyMigration,
  recordMigration,
  recordServesFrom,
  stepsDone,
  type Tell,
  withoutHoldingUp,
} from "./migration-steps.js";
import { applyChunkDays, applyCompression } from "./policies.js";
import {
  type Engine,
  IncompatibleSchemaError,
  readKeptSpellings,
  schemaVersion,
  servesFrom,
  settingsOf,
  VERSION_TABLES,
  whyNotServed,
} from "./settings.js";
import type { Sql, Transaction } from "./sql.js";

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
  /** Where days of ticks are archived; `none` ends it. */
  readonly archiveUrl?: string | undefined;
  /** The first key of the deployment, which is made where there is none of its id. */
  readonly adminKey?: string | undefined;
  /** Told what is done and waited for. */
  readonly log?: Tell;
  /** Migrations beyond this build's, of a version to come. */
  readonly laterMigrations?: readonly Migration[];
  /** How long services that a schema does not serve any more are given to notice, ms. */
  readonly noticeMs?: number;
}

/** Services of the first version look every 30 s. */
const NOTICE_MS = 35_000;
/** The day boundary of a database that was made without one. */
const FIRST_BOUNDARY: DayBoundary = { hour: 22, timezone: "UTC" };
/** Any number: it only has to be the same in every build. */
const MIGRATION_LOCK = 5_064_221;

/** The settings that bars are built with are written once, before the migration that builds them. */
async function recordFixedSettings(sql: Transaction, engine: Engine, boundary: DayBoundary): Promise<void> {
  await sql`
    insert into settings (key, value)
    values ('engine', ${engine}), ('day_start_hour', ${String(boundary.hour)}), ('day_timezone', ${boundary.timezone})`;
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

async function confirmClock(transaction: Transaction, log: Tell): Promise<void> {
  const [held] = await transaction<{ held_because: string }[]>`
    select held_because from maintenance where held_because is not null for update`;
  if (held === undefined) return;
  await transaction`update maintenance set held_because = null`;
  log(`the clock is confirmed, and expired ticks are dropped again (they were kept: ${held.held_because})`);
}

async function nameStreams(transaction: Transaction, log: Tell): Promise<void> {
  const { count } = await transaction`
    update settings set value = own.value from settings own
     where settings.key = 'stream_namespace' and own.key = 'database_id' and settings.value <> own.value`;
  if (count > 0) log("streams on Redis have names of their own from now on: start all services anew");
}

async function migrateLocked(sql: Sql, options: MigrateOptions): Promise<Engine> {
  const log = options.log ?? (() => {});
  await makeVersionTables(sql);
  const applied = await schemaVersion(sql);
  const settings = applied > 0 ? await settingsOf(sql) : new Map<string, string>();
  const engine = await detectEngine(sql, options.engine, settings.get("engine"), log);
  if (applied > 0) await refuseOtherBars(sql, options);
  const migrations = [...(await readMigrations(engine)), ...(options.laterMigrations ?? [])];
  const known = migrations.at(-1)?.version ?? 0;
  if (applied > known) {
    const reason = whyNotServed({ version: applied, servesFrom: servesFrom(settings) }, known);
    if (reason !== undefined) throw new IncompatibleSchemaError(reason);
    log(`the database's schema is version ${applied} and serves this build, which knows ${known}`);
  }
  for (const migration of migrations.filter(({ version }) => version > applied)) {
    if (applied > 0) await stopServing(sql, migration, options);
    await applyMigration(sql, migration, log, async (transaction) => {
      if (migration.version === 1) {
        await recordFixedSettings(transaction, engine, withParts(FIRST_BOUNDARY, options.dayBoundary));
      }
      await recordMigration(transaction, migration);
    });
    log(`applied ${engine}/${migration.name}`);
  }
  const spellings = await readKeptSpellings(sql);
  if (spellings.length > 0)
    log(
      `symbols that the first version stored are found by these very spellings, and by no other: ${spellings.join(" ")}`,
    );
  await withoutHoldingUp(sql, { what: "recording the settings", log }, async (transaction) => {
    const recorded = await recordSettings(transaction, engine, options, log);
    if (engine === "timescaledb") {
      await applyCompression(transaction, recorded.compression_after_days);
      await applyChunks(transaction, recorded.chunk_days, log);
    }
    await recordArchive(transaction, options.archiveUrl, log);
    if (options.confirmClock === true) await confirmClock(transaction, log);
    if (options.ownStreamNames === true) await nameStreams(transaction, log);
  });
  if (options.adminKey !== undefined && (await putAdminKey(sql, options.adminKey))) log("made the key of ADMIN_KEY");
  return engine;
}

async function applyChunks(transaction: Transaction, days: number, log: Tell): Promise<void> {
  const before = await applyChunkDays(transaction, days);
  const older = await transaction`select 1 from tick_chunks_now limit 1`;
  if (before !== days && older.length > 0) {
    log(`new chunks of ticks hold ${days} days each (they held ${before}); fx-migrate merge-chunks merges older ones`);
  }
}

/** Services that a migration takes something away from hear of it first, and stop working. */
async function stopServing(sql: Sql, migration: Migration, options: MigrateOptions): Promise<void> {
  const { servesFrom: version, name } = migration;
  if (version === undefined || (await stepsDone(sql, migration.version)) > 0) return;
  await sql.begin((transaction) => recordServesFrom(transaction, version));
  const noticeMs = options.noticeMs ?? NOTICE_MS;
  options.log?.(
    `${name} serves builds that know version ${version} or newer: waiting ${noticeMs / 1000} s until others stop`,
  );
  await sleep(noticeMs);
}

/**
 * Brings a database to this build's schema and records the settings that are given. Safe to run again, also where it was
 * killed, and from two places at once: the second waits for the first. Services go on meanwhile, but for those that a migration
 * does not serve any more. A database that is newer and serves this build stays as it is.
 *
 * @throws IncompatibleSchemaError when it is newer and does not, or was built with another boundary or engine
 * @throws Error when a lock was held by somebody else for minutes
 * @throws RangeError when day bars cannot be stored with the boundary
 */
export async function migrate(options: MigrateOptions): Promise<Engine> {
  const problem = storedBoundaryProblem(withParts(FIRST_BOUNDARY, options.dayBoundary));
  if (problem !== undefined) throw new RangeError(problem);
  const { url, log = () => {} } = options;
  return inMigrationSession({ url, lock: MIGRATION_LOCK, log }, (sql) => migrateLocked(sql, options));
}

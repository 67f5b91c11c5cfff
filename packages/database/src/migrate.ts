import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { DayBoundary } from "@fx-ohlc/schemas";
import { storedBoundaryProblem } from "./day-boundary.js";
import { detectEngine } from "./engine.js";
import { applyPolicies, type RefreshIntervals } from "./policies.js";
import { type Engine, IncompatibleSchemaError, SCHEMA_VERSION } from "./settings.js";
import { openPool, type Sql, type Transaction } from "./sql.js";

/** What a database is migrated with. */
export interface MigrateOptions {
  readonly url: string;
  readonly engine: Engine | "auto";
  readonly dayBoundary: DayBoundary;
  /** Chunks older than this are compressed (TimescaleDB); 0 never. */
  readonly compressionAfterDays: number;
  /** Raw ticks older than this are dropped; 0 keeps them for ever. */
  readonly retentionDays: number;
  readonly refreshIntervals: RefreshIntervals;
  /** Called with one sentence for each thing done. */
  readonly log?: (line: string) => void;
}

const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));
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

async function settingOf(sql: Sql | Transaction, key: string): Promise<string | undefined> {
  const [row] = await sql<{ value: string }[]>`select value from settings where key = ${key}`;
  return row?.value;
}

/** The settings that bars are built with are written once, before the migration that builds them. */
async function recordFixedSettings(sql: Transaction, engine: Engine, boundary: DayBoundary): Promise<void> {
  await sql`
    insert into settings (key, value)
    values ('engine', ${engine}), ('day_start_hour', ${String(boundary.hour)}), ('day_timezone', ${boundary.timezone})`;
}

async function apply(sql: Sql, migration: Migration, engine: Engine, boundary: DayBoundary): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction.unsafe(migration.sql);
    if (migration.version === 1) await recordFixedSettings(transaction, engine, boundary);
    await transaction`insert into schema_migrations (version, name) values (${migration.version}, ${migration.name})`;
  });
}

async function refuseChangedSettings(sql: Sql, wanted: Engine | "auto", boundary: DayBoundary): Promise<void> {
  const recorded = {
    hour: Number(await settingOf(sql, "day_start_hour")),
    timezone: await settingOf(sql, "day_timezone"),
  };
  if (recorded.hour !== boundary.hour || recorded.timezone !== boundary.timezone) {
    throw new IncompatibleSchemaError(
      `day bars of this database start at ${recorded.hour}:00 ${recorded.timezone}; set DAY_START_HOUR and DAY_TIMEZONE to that, and ask for other days with ?day_start_hour=&timezone=`,
    );
  }
  const recordedEngine = await settingOf(sql, "engine");
  if (wanted !== "auto" && recordedEngine !== wanted) {
    throw new IncompatibleSchemaError(
      `this database was migrated for ${recordedEngine}, and DB_ENGINE asks for ${wanted}`,
    );
  }
}

async function migrateLocked(sql: Sql, options: MigrateOptions): Promise<Engine> {
  const log = options.log ?? (() => {});
  await sql`
    create table if not exists schema_migrations (
      version    integer     primary key,
      name       text        not null,
      applied_at timestamptz not null default now()
    )`;
  const [{ version: applied } = { version: 0 }] = await sql<{ version: number }[]>`
    select coalesce(max(version), 0) as version from schema_migrations`;
  if (applied > SCHEMA_VERSION) {
    throw new IncompatibleSchemaError(
      `the database's schema is version ${applied}, this build knows ${SCHEMA_VERSION}: use a newer one`,
    );
  }
  const recorded = applied > 0 ? await settingOf(sql, "engine") : undefined;
  const engine = await detectEngine(sql, options.engine, recorded, log);
  if (applied > 0) await refuseChangedSettings(sql, options.engine, options.dayBoundary);
  for (const migration of await migrationsOf(engine)) {
    if (migration.version <= applied) continue;
    await apply(sql, migration, engine, options.dayBoundary);
    log(`applied ${engine}/${migration.name}`);
  }
  await applyPolicies(sql, engine, options);
  return engine;
}

/**
 * Brings a database to this build's schema and applies the current policies. Safe to run again, and from two places at once:
 * the second waits for the first.
 *
 * @throws IncompatibleSchemaError when the database is newer than this build, or was built with another boundary or engine
 * @throws RangeError when day bars cannot be stored with the boundary
 */
export async function migrate(options: MigrateOptions): Promise<Engine> {
  const problem = storedBoundaryProblem(options.dayBoundary);
  if (problem !== undefined) throw new RangeError(problem);
  const sql = openPool({ url: options.url, applicationName: "fx-migrate", connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
    return await migrateLocked(sql, options);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

import type { DayBoundary } from "@fx-ohlc/schemas";
import type { Queries } from "./sql.js";

/** Which of the two implementations of the bars a database has. */
export const ENGINES = ["timescaledb", "postgres"] as const;
export type Engine = (typeof ENGINES)[number];

/** What a database was migrated with. */
export interface DatabaseSettings {
  readonly engine: Engine;
  /** The boundary of the stored day bars. */
  readonly dayBoundary: DayBoundary;
  /** Raw ticks older than this are refused and then dropped; 0 keeps them for ever. */
  readonly keepTicksDays: number;
  /** Names this database among all there are; a copy has the same. */
  readonly databaseId: string;
  /** Another one whenever the database may have gone back or is another one: 8 characters of a-z and 0-9. */
  readonly incarnation: string;
  /** What the incarnation belongs to, as it was recorded with it; empty before anybody has written. */
  readonly incarnationFacts: string;
  /** What the keys and channels of this database on Redis begin with; empty for those that the first version made. */
  readonly streamNamespace: string;
  /** Symbols that the first version stored under a spelling that is read as another symbol since, or as none. */
  readonly keptSpellings: readonly string[];
}

/** The newest migration this build knows, of either engine. */
export const SCHEMA_VERSION = 16;

/** Up to this one migrations are recorded in `schema_migrations`, where first-version services refuse any newer. */
export const FIRST_VERSION_SCHEMA = 4;

/** The database's schema is not the one this build works with: a person has to act, waiting does not help. */
export class IncompatibleSchemaError extends Error {
  override readonly name = "IncompatibleSchemaError";
}

/** What a database is compared by, whenever something is about to be written to it. */
export function identityOf({ databaseId, incarnation }: Pick<DatabaseSettings, "databaseId" | "incarnation">): string {
  return `${databaseId} ${incarnation}`;
}

/** Every setting by its key. */
export async function settingsOf(sql: Queries): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ key: string; value: string }[]>`select key, value from settings`;
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** Where migrations are recorded: from the fifth on beside the first version's table, whose services refuse what they do not know. */
export const VERSION_TABLES = ["schema_migrations", "schema_changes"] as const;

/** The newest migration a database has; 0 when it has none. */
export async function schemaVersion(sql: Queries): Promise<number> {
  const tables = await sql<{ name: string }[]>`
    select name from unnest(${[...VERSION_TABLES]}::text[]) as name where to_regclass(name) is not null`;
  let newest = 0;
  for (const { name } of tables) {
    const [row] = await sql<{ version: number | null }[]>`select max(version) as version from ${sql(name)}`;
    newest = Math.max(newest, row?.version ?? 0);
  }
  return newest;
}

/**
 * Why a build must not work on a schema; undefined when it may. A newer one says how old a build may be.
 *
 * @param schema the newest migration, 0 without any; services that know at least `servesFrom` can work on it
 */
export function whyNotServed(schema: { version: number; servesFrom: number }, known: number): string | undefined {
  const { version, servesFrom } = schema;
  if (version < known) return `the database's schema is version ${version}, this build needs ${known}: run fx-migrate`;
  if (known >= servesFrom) return undefined;
  return `the database's schema is version ${version} and serves builds that know ${servesFrom} or newer, this build knows ${known}: upgrade it`;
}

/** Until a migration says otherwise, every version is served. */
export function servesFrom(settings: ReadonlyMap<string, string>): number {
  return Number(settings.get("serves_from") ?? 0);
}

/**
 * Every setting by its key.
 *
 * @throws IncompatibleSchemaError when the schema is older than this build knows, or does not serve it any more
 */
export async function servedSettings(sql: Queries): Promise<ReadonlyMap<string, string>> {
  const version = await schemaVersion(sql);
  const settings = version === 0 ? new Map<string, string>() : await settingsOf(sql);
  const reason = whyNotServed({ version, servesFrom: servesFrom(settings) }, SCHEMA_VERSION);
  if (reason !== undefined) throw new IncompatibleSchemaError(reason);
  return settings;
}

/**
 * Reads the settings of a migrated database.
 *
 * @throws IncompatibleSchemaError when its schema is older than this build knows, or does not serve it any more
 */
export async function readSettings(sql: Queries): Promise<DatabaseSettings> {
  const settings = await servedSettings(sql);
  const setting = (key: string): string => {
    const value = settings.get(key);
    if (value === undefined) throw new IncompatibleSchemaError(`the database has no setting ${key}: run fx-migrate`);
    return value;
  };
  const keptSpellings = await readKeptSpellings(sql);
  return Object.freeze({
    engine: setting("engine") === "timescaledb" ? "timescaledb" : "postgres",
    dayBoundary: { hour: Number(setting("day_start_hour")), timezone: setting("day_timezone") },
    keepTicksDays: Number(setting("keep_ticks_days")),
    databaseId: setting("database_id"),
    incarnation: setting("incarnation"),
    incarnationFacts: setting("incarnation_facts"),
    streamNamespace: setting("stream_namespace"),
    keptSpellings,
  });
}

/** Symbols that the first version stored under a spelling that is read as another symbol since, or as none. By name. */
export async function readKeptSpellings(sql: Queries): Promise<string[]> {
  // The condition of their index, so that no other symbol is looked at.
  const rows = await sql<{ symbol: string }[]>`
    select symbol from symbols where symbol ~ '^[A-Z]{3}_[A-Z]{3}$|^[._-]|[._-]$' order by symbol`;
  return rows.map(({ symbol }) => symbol);
}

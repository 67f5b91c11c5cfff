import type { DayBoundary } from "@fx-ohlc/schemas";
import type { Sql } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

/** Which of the two implementations of the bars a database has. */
export const ENGINES = ["timescaledb", "postgres"] as const;
export type Engine = (typeof ENGINES)[number];

/** What a database was migrated with. */
export interface DatabaseSettings {
  readonly engine: Engine;
  /** The boundary of the stored day bars. */
  readonly dayBoundary: DayBoundary;
  /** Raw ticks older than this are dropped; 0 keeps them for ever. */
  readonly retentionDays: number;
}

/** The newest migration this build knows, of either engine. */
export const SCHEMA_VERSION = 4;

/** The database's schema is not the one this build works with: a person has to act, waiting does not help. */
export class IncompatibleSchemaError extends Error {
  override readonly name = "IncompatibleSchemaError";
}

function settingOf(rows: readonly { key: string; value: string }[], key: string): string {
  const row = rows.find((candidate) => candidate.key === key);
  if (row === undefined) throw new IncompatibleSchemaError(`the database has no setting ${key}: run fx-migrate`);
  return row.value;
}

async function appliedVersion(sql: Sql): Promise<number> {
  try {
    const [row] = await sql<{ version: number }[]>`select max(version) as version from schema_migrations`;
    return row?.version ?? 0;
  } catch (error) {
    if (errorCode(error) === SQL_STATE.undefinedTable) return 0;
    throw error;
  }
}

/**
 * Reads the settings of a migrated database.
 *
 * @throws IncompatibleSchemaError when its schema is older or newer than this build knows
 */
export async function readSettings(sql: Sql): Promise<DatabaseSettings> {
  const version = await appliedVersion(sql);
  if (version < SCHEMA_VERSION) {
    throw new IncompatibleSchemaError(
      `the database's schema is version ${version}, this build needs ${SCHEMA_VERSION}: run fx-migrate`,
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new IncompatibleSchemaError(
      `the database's schema is version ${version}, this build knows ${SCHEMA_VERSION}: upgrade the services`,
    );
  }
  const rows = await sql<{ key: string; value: string }[]>`select key, value from settings`;
  return Object.freeze({
    engine: settingOf(rows, "engine") === "timescaledb" ? "timescaledb" : "postgres",
    dayBoundary: { hour: Number(settingOf(rows, "day_start_hour")), timezone: settingOf(rows, "day_timezone") },
    retentionDays: Number(settingOf(rows, "retention_days")),
  });
}

import { type AccessConfig, readAccess } from "@fx-ohlc/access";
import { ARCHIVE_RULES, type ArchivePlace, type ArchiveRules, readArchivePlace } from "@fx-ohlc/database/archive";
import { US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { type EnvReader, type LogLevel, readLogLevel, readShutdownGrace } from "@fx-ohlc/service-kit";

/** The archiver's configuration; the guide's table lists the variables. */
export interface Config extends ArchivePlace {
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly shutdownGraceMs: number;
  readonly access: AccessConfig;
  readonly databaseUrl: string;
  /** A connection that no pooler shares: for session locks. */
  readonly databaseDirectUrl: string;
  readonly rules: ArchiveRules;
}

export function readConfig(env: EnvReader): Config {
  const databaseUrl = env.url("DATABASE_URL", "postgres");
  return {
    ...readArchivePlace(env),
    port: env.port("PORT", { default: 8004 }),
    logLevel: readLogLevel(env),
    shutdownGraceMs: readShutdownGrace(env),
    access: readAccess(env),
    databaseUrl,
    databaseDirectUrl: env.url("DATABASE_DIRECT_URL", "postgres", { default: databaseUrl }),
    rules: readRules(env),
  };
}

function readRules(env: EnvReader): ArchiveRules {
  return {
    ...ARCHIVE_RULES,
    afterDays: env.integer("ARCHIVE_AFTER_DAYS", { default: 2, min: 0, max: 3650, unit: "days" }),
    rowsPerSecond: env.integer("ARCHIVE_ROWS_PER_SECOND", { default: 20_000, min: 0, max: 10_000_000, unit: "ticks" }),
    graceUs: env.integer("ARCHIVE_GRACE_H", { default: 24, min: 0, max: 8760, unit: "h" }) * US_PER_HOUR,
    keepUs: env.integer("ARCHIVE_KEEP_DAYS", { default: 35, min: 0, max: 36_500, unit: "days" }) * US_PER_DAY,
  };
}

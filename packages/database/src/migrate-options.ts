import type { EnvReader } from "@fx-ohlc/service-kit";
import { archiveSpelling, isArchiveUrl } from "./archive-setting.js";
import { storedBoundaryProblem } from "./day-boundary.js";
import { readAdminKey } from "./first-key.js";
import type { MigrateOptions } from "./migrate.js";

const DAYS_MAX = 36_500;
/** A chunk is compressed, merged and dropped as a whole. */
const CHUNK_DAYS_MAX = 31;
const REFRESH_S_MAX = 86_400;
/** A week of ticks and the day they are dropped by: whoever corrects what he saw last week can. */
const RETENTION_DAYS_MIN = 8;

/** Reads what `fx-migrate merge-chunks` needs from the environment. */
export function mergeOptions(env: EnvReader): { readonly url: string } {
  const directUrl = env.url("DATABASE_DIRECT_URL", "postgres", { default: undefined });
  return { url: directUrl ?? env.url("DATABASE_URL", "postgres") };
}

/** Reads what `fx-migrate` needs from the environment; the README's table lists the variables. */
export function migrateOptions(env: EnvReader): MigrateOptions {
  const dayBoundary = {
    hour: env.integer("DAY_START_HOUR", { default: undefined, min: 0, max: 23 }),
    timezone: env.string("DAY_TIMEZONE", { default: undefined }),
  };
  const boundaryProblem = storedBoundaryProblem({
    hour: dayBoundary.hour ?? 22,
    timezone: dayBoundary.timezone ?? "UTC",
  });
  if (boundaryProblem !== undefined) env.refuse("DAY_TIMEZONE", boundaryProblem);
  const days = (name: string) => env.integer(name, { default: undefined, min: 0, max: DAYS_MAX, unit: "days" });
  const seconds = (name: string) => env.integer(name, { default: undefined, min: 1, max: REFRESH_S_MAX, unit: "s" });
  const retention = (name: string) => {
    const value = days(name);
    const isFit = value === undefined || value === 0 || value >= RETENTION_DAYS_MIN;
    env.rule([name], isFit, `must be 0 (for ever) or at least ${RETENTION_DAYS_MIN}`);
    return value;
  };
  return {
    ...mergeOptions(env),
    archiveUrl: readArchiveUrl(env),
    engine: env.choice("DB_ENGINE", ["auto", "timescaledb", "postgres"], { default: "auto" }),
    dayBoundary,
    compressionAfterDays: days("COMPRESSION_AFTER_DAYS"),
    chunkDays: env.integer("CHUNK_DAYS", { default: undefined, min: 1, max: CHUNK_DAYS_MAX, unit: "days" }),
    retentionDays: retention("RETENTION_DAYS"),
    initialRetentionDays: retention("RETENTION_DAYS_INITIAL"),
    refreshIntervals: {
      minute: seconds("REFRESH_MINUTE_INTERVAL_S"),
      hour: seconds("REFRESH_HOUR_INTERVAL_S"),
      day: seconds("REFRESH_DAY_INTERVAL_S"),
    },
    adminKey: readAdminKey(env),
    confirmClock: env.boolean("CONFIRM_CLOCK", { default: false }),
    ownStreamNames: env.choice("STREAM_NAMESPACE", ["own"], { default: undefined }) === "own",
  };
}

/** Where the archive is; `none` ends it, and undefined leaves it as it is. */
function readArchiveUrl(env: EnvReader): string | undefined {
  const url = env.string("ARCHIVE_URL", { default: undefined });
  const isFit = url === undefined || url === "none" || isArchiveUrl(url);
  env.rule(["ARCHIVE_URL"], isFit, "must be file:///…, s3://bucket/… or none");
  return url === undefined ? undefined : archiveSpelling(url);
}

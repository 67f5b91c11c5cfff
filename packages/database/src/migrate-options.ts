import type { EnvReader } from "@fx-ohlc/service-kit";
import { storedBoundaryProblem } from "./day-boundary.js";
import type { MigrateOptions } from "./migrate.js";

const DAYS_MAX = 36_500;
const REFRESH_S_MAX = 86_400;

/** Reads what `fx-migrate` needs from the environment; the README's table lists the variables. */
export function migrateOptions(env: EnvReader): MigrateOptions {
  const dayBoundary = {
    hour: env.integer("DAY_START_HOUR", { default: 22, min: 0, max: 23 }),
    timezone: env.string("DAY_TIMEZONE", { default: "UTC" }),
  };
  const boundaryProblem = storedBoundaryProblem(dayBoundary);
  if (boundaryProblem !== undefined) env.refuse("DAY_TIMEZONE", boundaryProblem);
  const days = (name: string, fallback: number) =>
    env.integer(name, { default: fallback, min: 0, max: DAYS_MAX, unit: "days" });
  const seconds = (name: string, fallback: number) =>
    env.integer(name, { default: fallback, min: 1, max: REFRESH_S_MAX, unit: "s" });
  const retentionDays = days("RETENTION_DAYS", 0);
  env.rule(
    ["RETENTION_DAYS"],
    retentionDays === 0 || retentionDays >= 8,
    "must be 0 (for ever) or at least 8: day bars are refreshed over the last 7 days",
  );
  return {
    url: env.url("DATABASE_DIRECT_URL", "postgres", { default: undefined }) ?? env.url("DATABASE_URL", "postgres"),
    engine: env.choice("DB_ENGINE", ["auto", "timescaledb", "postgres"], { default: "auto" }),
    dayBoundary,
    compressionAfterDays: days("COMPRESSION_AFTER_DAYS", 7),
    retentionDays,
    refreshIntervals: {
      minute: seconds("REFRESH_MINUTE_INTERVAL_S", 5),
      hour: seconds("REFRESH_HOUR_INTERVAL_S", 30),
      day: seconds("REFRESH_DAY_INTERVAL_S", 300),
    },
  };
}

import { type AccessConfig, readAccess } from "@fx-ohlc/access";
import { type EnvReader, type LogLevel, readLogLevel, readShutdownGrace } from "@fx-ohlc/service-kit";
import { parseSessionRule, SESSION_RULE, type SessionRule } from "./market-sessions.js";

/** ohlc-query's configuration; the README's table lists the variables. */
export interface Config {
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly shutdownGraceMs: number;
  readonly access: AccessConfig;
  readonly databaseUrl: string;
  /** A standby that answers what may be a moment old; undefined: the primary answers everything. */
  readonly databaseReadUrl: string | undefined;
  readonly databasePrepare: boolean;
  readonly databaseConnectionsMax: number;
  readonly queryTimeoutMs: number;
  /** What closed bars may take in memory; 0: none are kept. */
  readonly barCacheMb: number;
  readonly marketSessions: readonly SessionRule[];
}

/** Each entry is checked by itself, so that the refusal says which one it is. */
function readSessions(env: EnvReader): SessionRule[] {
  const entries = env.list("MARKET_SESSIONS", { default: [] });
  const rules = entries.map((entry, i) => {
    const rule = parseSessionRule(entry);
    if (rule === undefined) env.refuse("MARKET_SESSIONS", `entry ${i + 1} ${SESSION_RULE}`);
    return rule;
  });
  const known = rules.filter((rule) => rule !== undefined);
  const repeated = known.findIndex(({ pattern }, i) => known.some((other, j) => j < i && other.pattern === pattern));
  if (repeated >= 0) env.refuse("MARKET_SESSIONS", `entry ${repeated + 1} repeats the symbol of an earlier one`);
  return known;
}

export function readConfig(env: EnvReader): Config {
  return {
    port: env.port("PORT", { default: 8002 }),
    logLevel: readLogLevel(env),
    shutdownGraceMs: readShutdownGrace(env),
    access: readAccess(env),
    databaseUrl: env.url("DATABASE_URL", "postgres"),
    databaseReadUrl: env.url("DATABASE_READ_URL", "postgres", { default: undefined }),
    databasePrepare: env.boolean("DATABASE_PREPARE", { default: true }),
    databaseConnectionsMax: env.integer("DATABASE_CONNECTIONS_MAX", { default: 8, min: 1, max: 100 }),
    queryTimeoutMs: env.integer("QUERY_TIMEOUT_MS", { default: 5000, min: 100, max: 60_000, unit: "ms" }),
    barCacheMb: env.integer("BAR_CACHE_MB", { default: 128, min: 0, max: 65_536 }),
    marketSessions: readSessions(env),
  };
}

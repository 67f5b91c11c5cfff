import { type AccessConfig, readAccess } from "@fx-ohlc/access";
import { isArchiveUrl, readArchiveEndpoint } from "@fx-ohlc/database";
import type { SessionRule } from "@fx-ohlc/schemas";
import {
  type EnvReader,
  type LogLevel,
  readLogLevel,
  readMarketSessions,
  readReplicas,
  readShutdownGrace,
} from "@fx-ohlc/service-kit";

/** ohlc-query's configuration; the README's table lists the variables. */
export interface Config {
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly shutdownGraceMs: number;
  /** How many of this service there should be, for an alert; 0: nobody says. */
  readonly replicasExpected: number;
  readonly access: AccessConfig;
  readonly databaseUrl: string;
  /** A standby that answers what may be a moment old; undefined: the primary answers everything. */
  readonly databaseReadUrl: string | undefined;
  readonly databasePrepare: boolean;
  readonly databaseConnectionsMax: number;
  readonly queryTimeoutMs: number;
  /** What closed bars may take in memory; 0: none are kept. */
  readonly barCacheMb: number;
  /** Where the archive lies for this service; undefined: where the database says. */
  readonly archiveUrl: string | undefined;
  /** Another server than Amazon's where it lies in S3. */
  readonly archiveEndpoint: string | undefined;
  readonly archiveRegion: string | undefined;
  /** Threads that read files of the archive. */
  readonly archiveThreads: number;
  readonly marketSessions: readonly SessionRule[];
}

export function readConfig(env: EnvReader): Config {
  return {
    port: env.port("PORT", { default: 8002 }),
    logLevel: readLogLevel(env),
    shutdownGraceMs: readShutdownGrace(env),
    replicasExpected: readReplicas(env),
    access: readAccess(env),
    databaseUrl: env.url("DATABASE_URL", "postgres"),
    databaseReadUrl: env.url("DATABASE_READ_URL", "postgres", { default: undefined }),
    databasePrepare: env.boolean("DATABASE_PREPARE", { default: true }),
    databaseConnectionsMax: env.integer("DATABASE_CONNECTIONS_MAX", { default: 8, min: 1, max: 100 }),
    queryTimeoutMs: env.integer("QUERY_TIMEOUT_MS", { default: 5000, min: 100, max: 60_000, unit: "ms" }),
    barCacheMb: env.integer("BAR_CACHE_MB", { default: 128, min: 0, max: 65_536 }),
    archiveUrl: readArchiveUrl(env),
    archiveEndpoint: readArchiveEndpoint(env),
    archiveRegion: env.string("AWS_REGION", { default: undefined }),
    archiveThreads: env.integer("ARCHIVE_READ_THREADS", { default: 2, min: 1, max: 64 }),
    marketSessions: readMarketSessions(env),
  };
}

/** Where this service sees the archive; `none`, which fx-migrate understands, is the same as nothing. */
function readArchiveUrl(env: EnvReader): string | undefined {
  const url = env.string("ARCHIVE_URL", { default: undefined });
  if (url === "none") return undefined;
  env.rule(["ARCHIVE_URL"], url === undefined || isArchiveUrl(url), "must be file:///… or s3://bucket/…");
  return url;
}

import { type AccessConfig, readAccess } from "@fx-ohlc/access";
import { readAdminKey } from "@fx-ohlc/database";
import { type SessionRule, US_PER_SECOND } from "@fx-ohlc/schemas";
import {
  type EnvReader,
  type LogLevel,
  type RedisAddress,
  readLogLevel,
  readMarketSessions,
  readRedis,
  readReplicas,
  readShutdownGrace,
  readStreamKeep,
} from "@fx-ohlc/service-kit";

/** tick-ingest's configuration; the README's table lists the variables. */
export interface Config {
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly shutdownGraceMs: number;
  /** How many of this service there should be, for an alert; 0: nobody says. */
  readonly replicasExpected: number;
  readonly access: AccessConfig;
  readonly databaseUrl: string;
  /** A connection that no pooler shares: for session locks and `CALL`. */
  readonly databaseDirectUrl: string;
  readonly databasePrepare: boolean;
  readonly redis: RedisAddress;
  readonly maxClockSkewUs: number;
  /** How long the first waiting request waits for others. */
  readonly flushIntervalMs: number;
  /** A commit takes no further request once it has this many ticks. */
  readonly commitTicksMax: number;
  /** Ticks that may wait; a request that would exceed it is refused with 503. */
  readonly queueTicksMax: number;
  /** A commit of so many new ticks is written by COPY; a smaller one is inserted. */
  readonly copyTicksMin: number;
  /** After a tick that was stored before, its symbol's ticks are looked up first for so long. */
  readonly copyDoubtMs: number;
  readonly publishBufferMax: number;
  /** How old a tick may be when it is streamed, and how long streams keep it. */
  readonly streamKeepS: number;
  /** What all streams on one Redis server may hold together. */
  readonly streamBytesMax: number;
  /** How many symbols there may be in all; a new one beyond is refused with 429. */
  readonly symbolsMax: number;
  /** Ticks of a symbol that nobody has registered are refused. */
  readonly registeredSymbolsOnly: boolean;
  /** When markets are open: silence of a closed one says nothing. */
  readonly marketSessions: readonly SessionRule[];
  /** After so many seconds of silence a feed without heartbeats is down, of symbols of which nothing was said. */
  readonly quietAfterS: number;
  /** The first key of the deployment; undefined: it has been made otherwise. */
  readonly adminKey: string | undefined;
  /** How long the audit remembers. */
  readonly auditDays: number;
}

const BYTES_PER_MB = 1_000_000;

export function readConfig(env: EnvReader): Config {
  const databaseUrl = env.url("DATABASE_URL", "postgres");
  const commitTicksMax = env.integer("COMMIT_TICKS_MAX", { default: 5000, min: 1, max: 50_000, unit: "ticks" });
  const queueTicksMax = env.integer("QUEUE_TICKS_MAX", { default: 200_000, min: 1, max: 10_000_000, unit: "ticks" });
  env.rule(
    ["QUEUE_TICKS_MAX", "COMMIT_TICKS_MAX"],
    queueTicksMax >= commitTicksMax,
    "must not be less than COMMIT_TICKS_MAX",
  );
  return {
    port: env.port("PORT", { default: 8001 }),
    logLevel: readLogLevel(env),
    shutdownGraceMs: readShutdownGrace(env),
    replicasExpected: readReplicas(env),
    access: readAccess(env),
    databaseUrl,
    databaseDirectUrl: env.url("DATABASE_DIRECT_URL", "postgres", { default: databaseUrl }),
    databasePrepare: env.boolean("DATABASE_PREPARE", { default: true }),
    redis: readRedis(env),
    maxClockSkewUs: env.integer("MAX_CLOCK_SKEW_S", { default: 300, min: 0, max: 86_400, unit: "s" }) * US_PER_SECOND,
    flushIntervalMs: env.integer("FLUSH_INTERVAL_MS", { default: 2, min: 0, max: 1000, unit: "ms" }),
    commitTicksMax,
    queueTicksMax,
    copyTicksMin: env.integer("COPY_TICKS_MIN", { default: 200, min: 1, max: 10_000_000, unit: "ticks" }),
    copyDoubtMs: env.integer("COPY_DOUBT_S", { default: 60, min: 0, max: 86_400, unit: "s" }) * 1000,
    publishBufferMax: env.integer("PUBLISH_BUFFER_TICKS", {
      default: 200_000,
      min: 1000,
      max: 10_000_000,
      unit: "ticks",
    }),
    streamKeepS: readStreamKeep(env),
    streamBytesMax: env.integer("STREAM_MAX_MB", { default: 256, min: 1, max: 1_000_000, unit: "MB" }) * BYTES_PER_MB,
    symbolsMax: env.integer("SYMBOLS_MAX", { default: 10_000, min: 1, max: 1_000_000, unit: "symbols" }),
    quietAfterS: env.integer("QUIET_AFTER_S", { default: 300, min: 1, max: 604_800, unit: "s" }),
    adminKey: readAdminKey(env),
    auditDays: env.integer("AUDIT_DAYS", { default: 365, min: 1, max: 36_500, unit: "days" }),
    registeredSymbolsOnly: env.boolean("REGISTERED_SYMBOLS_ONLY", { default: false }),
    marketSessions: readMarketSessions(env),
  };
}

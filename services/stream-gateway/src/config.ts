import { type AccessConfig, readAccess } from "@fx-ohlc/access";
import { type Micros, US_PER_SECOND } from "@fx-ohlc/schemas";
import {
  type EnvReader,
  type LogLevel,
  type RedisAddress,
  readLogLevel,
  readRedis,
  readReplicas,
  readShutdownGrace,
  readStreamKeep,
} from "@fx-ohlc/service-kit";
import type { ConnectionLimits } from "./connection/connection.js";

/** stream-gateway's configuration; the README's table lists the variables. */
export interface Config extends ConnectionLimits {
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly shutdownGraceMs: number;
  /** How many of this service there should be, for an alert; 0: nobody says. */
  readonly replicasExpected: number;
  readonly access: AccessConfig;
  readonly redis: RedisAddress;
  readonly ohlcQueryUrl: string;
  readonly connectionsMax: number;
  readonly connectionsPerSecondMax: number;
  readonly channelsMax: number;
  readonly heartbeatIntervalMs: number;
  /** How long after its end a bar waits for late ticks before it is final. */
  readonly finalGraceUs: Micros;
  /** How old a tick may be when it is streamed, and how far ahead of the clock: where ticks lie that were missed. */
  readonly streamKeepUs: Micros;
  readonly maxClockSkewUs: Micros;
  /** Over how long clients are closed when the gateway stops. */
  readonly drainMs: number;
}

export function readConfig(env: EnvReader): Config {
  const lagAfterMs = env.integer("LAG_AFTER_MS", { default: 1000, min: 100, max: 60_000, unit: "ms" });
  const stuckAfterMs = env.integer("STUCK_AFTER_MS", { default: 30_000, min: 1000, max: 600_000, unit: "ms" });
  env.rule(["STUCK_AFTER_MS", "LAG_AFTER_MS"], stuckAfterMs > lagAfterMs, "must be more than LAG_AFTER_MS");
  return {
    port: env.port("PORT", { default: 8003 }),
    logLevel: readLogLevel(env),
    shutdownGraceMs: readShutdownGrace(env),
    replicasExpected: readReplicas(env),
    access: readAccess(env),
    redis: readRedis(env),
    ohlcQueryUrl: env.url("OHLC_QUERY_URL", "http", { default: "http://127.0.0.1:8002" }),
    connectionsMax: env.integer("CONNECTIONS_MAX", { default: 10_000, min: 1, max: 1_000_000 }),
    connectionsPerSecondMax: env.integer("CONNECTIONS_PER_SECOND_MAX", { default: 500, min: 1, max: 100_000 }),
    channelsMax: env.integer("CHANNELS_MAX", { default: 1000, min: 1, max: 100_000 }),
    messagesPerSecondMax: env.integer("MESSAGES_PER_SECOND_MAX", { default: 50, min: 10, max: 10_000 }),
    queueBytesMax: env.integer("QUEUE_BYTES_MAX", {
      default: 8_388_608,
      min: 65_536,
      max: 1_073_741_824,
      unit: "bytes",
    }),
    lagAfterMs,
    stuckAfterMs,
    heartbeatIntervalMs: env.integer("HEARTBEAT_INTERVAL_MS", { default: 10_000, min: 100, max: 60_000, unit: "ms" }),
    finalGraceUs: env.integer("FINAL_GRACE_S", { default: 2, min: 0, max: 60, unit: "s" }) * US_PER_SECOND,
    streamKeepUs: readStreamKeep(env) * US_PER_SECOND,
    maxClockSkewUs: env.integer("MAX_CLOCK_SKEW_S", { default: 300, min: 0, max: 86_400, unit: "s" }) * US_PER_SECOND,
    drainMs: env.integer("DRAIN_MS", { default: 5000, min: 0, max: 15_000, unit: "ms" }),
  };
}

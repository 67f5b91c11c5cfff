import { resolve } from "node:path";
import { type Environment, readEnv } from "@fx-ohlc/service-kit";

/** What the local stack is started with. */
export interface StackConfig {
  /** The edge's port; the services have the next three. */
  readonly port: number;
  readonly dataDir: string;
  /** Whether to load the sample week and simulate live ticks. */
  readonly simulate: boolean;
  /** Replace the embedded servers. */
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
}

/** The highest port with three more above it. */
const PORT_MAX = 65_532;

/** @throws ConfigError naming every variable that is wrong */
export function readStackConfig(env: Environment): StackConfig {
  return readEnv(env, (read) => ({
    port: read.integer("PORT", { min: 1, max: PORT_MAX, default: 8000 }),
    dataDir: resolve(read.string("FX_DATA_DIR", { default: ".data" })),
    simulate: read.boolean("FX_SIMULATE", { default: true }),
    databaseUrl: read.url("DATABASE_URL", "postgres", { default: undefined }),
    redisUrl: read.url("REDIS_URL", "redis", { default: undefined }),
  }));
}

import { parseArgs } from "node:util";
import { type Environment, readEnv } from "@fx-ohlc/service-kit";

/** What a run measures, and on what. */
export interface BenchConfig {
  /** Replace the servers that the run would start for itself; a database of its own is made on the first and dropped again. */
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** Where an own PostgreSQL keeps its data: on a real disk, for `/tmp` may be memory, and then nothing would be durable. */
  readonly dataDir: string;
  /** Names of the rows to measure; undefined is all of them. */
  readonly rows: readonly string[] | undefined;
  /** Measurements of each side, of which the median counts. */
  readonly rounds: number;
  /** The results are also written here. */
  readonly jsonFile: string | undefined;
}

export const USAGE = `pnpm bench [--rows NAME,…] [--rounds N] [--json FILE]
BENCH_DATABASE_URL or DATABASE_URL, and REDIS_URL, replace the embedded servers`;

const ROUNDS_DEFAULT = 5;
const ROUNDS_MAX = 99;

/**
 * Reads the command line and the environment.
 *
 * @param args the command line's options
 * @throws Error naming what is wrong
 */
export function readBenchConfig(args: readonly string[], env: Environment): BenchConfig {
  const { values } = parseArgs({
    args: [...args],
    options: { rows: { type: "string" }, rounds: { type: "string" }, json: { type: "string" } },
  });
  const rounds = Number(values.rounds ?? ROUNDS_DEFAULT);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    throw new Error(`--rounds must be an integer from 1 to ${ROUNDS_MAX}`);
  }
  const servers = readEnv(env, (read) => ({
    databaseUrl:
      read.url("BENCH_DATABASE_URL", "postgres", { default: undefined }) ??
      read.url("DATABASE_URL", "postgres", { default: undefined }),
    redisUrl: read.url("REDIS_URL", "redis", { default: undefined }),
    dataDir: read.string("FX_DATA_DIR", { default: ".data" }),
  }));
  return { ...servers, rounds, rows: values.rows?.split(","), jsonFile: values.json };
}

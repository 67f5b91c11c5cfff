import { join } from "node:path";
import { freePort, type ServerHandle, startPostgres, startRedis, writeAside } from "@fx-ohlc/embedded";
import type { StackConfig } from "./config.js";
import type { DataFolder } from "./data-folder.js";
import { logWriter } from "./log-file.js";

/** Three services with their pools, fx-migrate and a person with psql. */
const POSTGRES_CONNECTIONS_MAX = "200";
/** The streams keep some 5,000 messages per symbol; far more than that means a mistake, not a need. */
const REDIS_MEMORY_MAX = "512mb";

/** The database and Redis of the stack, embedded or the user's own. */
export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

interface ServersOptions {
  readonly config: StackConfig;
  readonly folder: DataFolder;
  say(line: string): void;
  /** Called for each server as soon as it runs, so that it is stopped whatever happens next. */
  onStarted(server: ServerHandle): void;
}

/**
 * Starts what the configuration does not replace.
 *
 * @throws Error in one line when a server cannot be run here
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const { databaseUrl, redisUrl } = options.config;
  // Both are waited for, also when one fails: what has started is then known and can be stopped.
  const [postgres, redis] = await Promise.allSettled([
    databaseUrl === undefined ? embeddedPostgres(options) : databaseUrl,
    redisUrl === undefined ? embeddedRedis(options) : redisUrl,
  ]);
  if (postgres.status === "rejected") throw postgres.reason;
  if (redis.status === "rejected") throw redis.reason;
  return { databaseUrl: postgres.value, redisUrl: redis.value };
}

async function embeddedPostgres({ folder, say, onStarted }: ServersOptions): Promise<string> {
  const dataDir = join(folder.path, "postgres");
  const server = await startPostgres({
    dataDir,
    port: await freePort(),
    settings: { max_connections: POSTGRES_CONNECTIONS_MAX },
    onLog: logWriter(folder.logs, "postgres"),
    say,
  });
  onStarted(server);
  say(`PostgreSQL runs on port ${server.port}, data in ${server.dataFolder}${whyThere(server.dataFolder, dataDir)}`);
  keepUrl(join(folder.path, "postgres.url"), server.url);
  return server.url;
}

async function embeddedRedis({ folder, say, onStarted }: ServersOptions): Promise<string> {
  const server = await startRedis({
    dataDir: join(folder.path, "redis"),
    port: await freePort(),
    persistent: true,
    settings: { maxmemory: REDIS_MEMORY_MAX },
    onLog: logWriter(folder.logs, "redis"),
  });
  onStarted(server);
  say(`Redis runs on port ${server.port}, data in ${server.dataFolder}`);
  keepUrl(join(folder.path, "redis.url"), server.url);
  return server.url;
}

function whyThere(dataFolder: string, wanted: string): string {
  return dataFolder === wanted
    ? ""
    : " (PostgreSQL does not run as root, and its account cannot or could not enter the data folder)";
}

/** For psql and redis-cli; it holds the password, so it is for its owner only. */
function keepUrl(file: string, url: string): void {
  writeAside(file, `${url}\n`);
}

import { availableParallelism, cpus, release, type as systemName, totalmem } from "node:os";
import { version as nodeVersion } from "node:process";
import type { Sql } from "@fx-ohlc/database";
import { createClient } from "redis";

/** What the numbers were measured on: without it they say nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly database: string;
  readonly redis: string;
  /** Settings that decide whether an acknowledged tick is on disk. */
  readonly durability: string;
}

export async function describeMachine(sql: Sql, redisUrl: string): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${systemName()} ${release()}`,
    node: nodeVersion,
    database: await databaseVersion(sql),
    redis: await redisVersion(redisUrl),
    durability: await durabilityOf(sql),
  };
}

async function databaseVersion(sql: Sql): Promise<string> {
  const [row] = await sql<{ server: string; timescaledb: string | null }[]>`
    select current_setting('server_version') as server,
           (select extversion from pg_extension where extname = 'timescaledb') as timescaledb`;
  const server = `PostgreSQL ${row?.server.split(" ")[0]}`;
  return row?.timescaledb ? `TimescaleDB ${row.timescaledb} on ${server}` : server;
}

async function durabilityOf(sql: Sql): Promise<string> {
  const rows = await sql<{ name: string; setting: string }[]>`
    select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes') order by name`;
  return rows.map(({ name, setting }) => `${name}=${setting}`).join(" ");
}

async function redisVersion(url: string): Promise<string> {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return `Redis ${/redis_version:(\S+)/.exec(await client.info("server"))?.[1]}`;
  } finally {
    client.destroy();
  }
}

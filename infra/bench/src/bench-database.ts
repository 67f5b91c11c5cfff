import { randomBytes } from "node:crypto";
import { migrate, openPool, type Sql } from "@fx-ohlc/database";

/** A migrated database for one run. */
export interface BenchDatabase {
  readonly url: string;
  readonly sql: Sql;
  /** Ends the sessions on it and removes it. */
  drop(): Promise<void>;
}

/** Makes a database with the settings of the local stack on a server where `serverUrl` may make one. */
export async function createBenchDatabase(serverUrl: string): Promise<BenchDatabase> {
  const name = `fx_bench_${randomBytes(6).toString("hex")}`;
  await onServer(serverUrl, (sql) => sql`create database ${sql(name)} template template0`);
  const url = withDatabase(serverUrl, name);
  await migrate({
    url,
    engine: "auto",
    dayBoundary: { hour: 22, timezone: "UTC" },
    compressionAfterDays: 7,
    retentionDays: 0,
    refreshIntervals: { minute: 5, hour: 30, day: 300 },
  });
  const sql = pool(url);
  const drop = async (): Promise<void> => {
    await sql.end({ timeout: 1 });
    await onServer(serverUrl, (server) => server`drop database ${server(name)} with (force)`);
  };
  return { url, sql, drop };
}

function pool(url: string): Sql {
  return openPool({ url, applicationName: "fx bench", connectionsMax: 1, statementTimeoutMs: 0 });
}

async function onServer(url: string, work: (sql: Sql) => Promise<unknown>): Promise<void> {
  const sql = pool(url);
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

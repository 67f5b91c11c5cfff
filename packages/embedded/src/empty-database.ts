import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { testRun } from "./test-run.js";

/** A database that belongs to one test file. */
export interface TestDatabase {
  url: string;
  name: string;
  /** Removes it, ending the sessions that are still on it. */
  drop(): Promise<void>;
}

/** Makes a database without any tables on the test server; `template` is another database's name. */
export async function emptyDatabase(template = "template0"): Promise<TestDatabase> {
  const { serverUrl, prefix } = testRun();
  const name = `${prefix}_${randomBytes(6).toString("hex")}`;
  await onServer(serverUrl, (sql) => sql`create database ${sql(name)} template ${sql(template)}`);
  return {
    url: databaseUrl(serverUrl, name),
    name,
    drop: () => dropDatabase(serverUrl, name),
  };
}

/** Removes every database that `isUnwanted` by its name. */
export async function dropDatabases(serverUrl: string, isUnwanted: (name: string) => boolean): Promise<void> {
  const rows = await onServer(serverUrl, (sql) => sql<{ datname: string }[]>`select datname from pg_database`);
  for (const { datname } of rows.filter((row) => isUnwanted(row.datname))) await dropDatabase(serverUrl, datname);
}

/** Runs one piece of work on a connection of its own to a database. */
export async function onServer<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await onServer(serverUrl, async (sql) => {
    await sql`update pg_database set datistemplate = false where datname = ${name}`;
    await sql`drop database if exists ${sql(name)} with (force)`;
  });
}

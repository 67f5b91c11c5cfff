import { migrate, openPool, type Sql } from "@fx-ohlc/database";
import { emptyDatabase, eventually, type TestDatabase, testPostgres } from "@fx-ohlc/testkit";
import { type App, createApp } from "../src/app.js";
import { configFor, get } from "./read-side.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serving(url: string): Promise<string> {
  const app: App = createApp(configFor(url), "1", new AbortController().signal);
  closers.push(() => app.stop());
  await app.start();
  return `http://127.0.0.1:${app.port}`;
}

async function aside<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = openPool({ url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 10_000 });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

test("a read-only database is read, and healthy", async () => {
  const server = await testPostgres();
  closers.push(() => server.drop());
  await migrate({ url: server.url, engine: "postgres" });
  await aside(server.url, async (sql) => {
    await sql`alter system set default_transaction_read_only = on`;
    await sql`select pg_reload_conf()`;
  });
  const url = await serving(server.url);
  for (const path of ["/symbols", "/health", "/ready", "/internal/anchor"]) {
    expect({ path, status: (await get(url, path)).status }).toEqual({ path, status: 200 });
  }
});

test("another database behind the same name is read with its own engine and settings", async () => {
  const make = async (options: Partial<Parameters<typeof migrate>[0]>): Promise<TestDatabase> => {
    const database = await emptyDatabase();
    closers.push(() => database.drop());
    await migrate({ url: database.url, engine: "auto", ...options });
    return database;
  };
  const one = await make({});
  const dayBoundary = { hour: 17, timezone: "America/New_York" };
  const other = await make({ engine: "postgres", dayBoundary });
  const idOf = (url: string) =>
    aside(url, async (sql) => (await sql`select value from settings where key = 'database_id'`)[0]?.value);
  const otherId = await idOf(other.url);
  const url = await serving(one.url);
  const anchor = async () => (await get<{ database_id: string; day_boundary: unknown }>(url, "/internal/anchor")).body;
  expect(await anchor()).toMatchObject({ database_id: await idOf(one.url), day_boundary: { hour: 22 } });

  const maintenance = Object.assign(new URL(one.url), { pathname: "/postgres" }).href;
  const rename = (from: string, to: string) =>
    eventually(
      () =>
        aside(maintenance, async (sql) => {
          await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${from}`;
          await sql`alter database ${sql(from)} rename to ${sql(to)}`;
          return true;
        }),
      { what: "a database to have another name" },
    );
  await aside(maintenance, (sql) => sql`alter database ${sql(one.name)} with allow_connections false`);
  await rename(one.name, `${one.name}_moved`);
  await rename(other.name, one.name);
  await rename(`${one.name}_moved`, other.name);
  await eventually(async () => (await anchor()).database_id === otherId, {
    what: "the other database",
  });
  const boundaryOf = async () => JSON.stringify((await anchor()).day_boundary);
  await eventually(async () => (await boundaryOf()) === JSON.stringify(dayBoundary));
  expect((await get(url, "/ohlc/day?symbol=EURUSD&start=2024-03-05T10:00:00Z")).status).toBe(200);
});

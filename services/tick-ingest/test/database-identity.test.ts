import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Engine, migrate } from "@fx-ohlc/database";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import {
  emptyDatabase,
  eventually,
  type TestDatabase,
  type TestRedis,
  testPostgres,
  testRedis,
} from "@fx-ohlc/testkit";
import { aside, migrated, type Served, serve, TICK } from "./own-server.js";

const THREE_DAYS_MS = 3 * 86_400_000;

let redis: TestRedis;
let link: RedisLink;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  redis = await testRedis();
  const logger = createLogger({ service: "test", level: "error" });
  link = new RedisLink({ url: redis.url, name: "test", logger });
  link.open();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(async () => {
  link.close();
  await redis.drop();
});

async function databaseOf(engine: Engine | "auto"): Promise<TestDatabase> {
  const database = await emptyDatabase();
  closers.push(() => database.drop());
  await migrate({ url: database.url, engine });
  return database;
}

async function serving(env: Record<string, string>): Promise<Served> {
  const service = await serve(env, redis);
  closers.push(() => service.stop());
  return service;
}

/** Owners too: the server runs under an account of its own where the tests run as root. */
const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to]);
const settingOf = (url: string, key: string) =>
  aside(url, async (sql) => String((await sql`select value from settings where key = ${key}`)[0]?.value));
const ticksOf = (url: string) => aside(url, async (sql) => (await sql`select 1 from ticks`).length);
const stop = (name: string) => (url: string) =>
  aside(url, (sql) => sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`);

/** Resolves when Redis knows that the log has gone as far as it has now. */
async function logKept(url: string): Promise<void> {
  const [log] = await aside(
    url,
    (sql) => sql<{ id: string; bytes: string }[]>`
      select value as id, (pg_current_wal_flush_lsn() - '0/0')::text as bytes from settings where key = 'database_id'`,
  );
  const kept = async () => Number(String(await link.client.get(`fx:${log?.id}:log`)).split(" ")[0]);
  await eventually(async () => (await kept()) >= Number(log?.bytes), { what: "the log's position to be kept" });
}

/** Gives two databases each other's name, against whoever connects to them meanwhile. */
async function exchangeNames(one: TestDatabase, other: TestDatabase): Promise<void> {
  const maintenance = Object.assign(new URL(one.url), { pathname: "/postgres" }).href;
  const rename = (from: string, to: string) =>
    eventually(
      async () => {
        await stop(from)(maintenance);
        await aside(maintenance, (sql) => sql`alter database ${sql(from)} rename to ${sql(to)}`);
        return true;
      },
      { what: `${from} to be named ${to}` },
    );
  await aside(maintenance, (sql) => sql`alter database ${sql(one.name)} with allow_connections false`);
  await rename(one.name, `${one.name}_moved`);
  await rename(other.name, one.name);
  await rename(`${one.name}_moved`, other.name);
  await aside(maintenance, (sql) => sql`alter database ${sql(other.name)} with allow_connections true`);
}

test("another database, of another engine, behind the same name is found anew, and every tick is in one of the two", async () => {
  const [one, other] = [await databaseOf("auto"), await databaseOf("postgres")];
  const service = await serving({ DATABASE_URL: one.url });
  await service.ready(true);
  expect((await service.post()).status).toBe(201);
  await exchangeNames(one, other);
  let acknowledged = 1;
  await eventually(
    async () => {
      const { status } = await service.post();
      acknowledged += status === 201 ? 1 : 0;
      return acknowledged > 5;
    },
    { what: "ticks to be taken again" },
  );
  const late = { ...TICK, time: new Date(Date.now() - THREE_DAYS_MS).toISOString() };
  expect((await service.post(late)).status).toBe(201);
  expect(await ticksOf(other.url)).toBe(1);
  expect(await ticksOf(one.url)).toBe(acknowledged);
  const bars = await aside(one.url, (sql) => sql`select sum(tick_count)::int as ticks from ohlc_minute`);
  expect(bars[0]?.ticks).toBe(acknowledged);
  expect(await settingOf(one.url, "database_id")).not.toBe(await settingOf(other.url, "database_id"));
});

test("nothing is written while DATABASE_DIRECT_URL leads to another database, which is named", async () => {
  const [one, other] = [await databaseOf("auto"), await databaseOf("auto")];
  const service = await serving({ DATABASE_URL: one.url, DATABASE_DIRECT_URL: other.url });
  const health = await eventually(async () => {
    const { body } = await service.get("/health");
    return Array.isArray(body.problems) && String(body.problems).includes("two databases") ? body : undefined;
  });
  expect(health).toMatchObject({ status: "unhealthy", database: "disconnected" });
  expect((await service.get("/ready")).status).toBe(503);
  expect(await service.post()).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining("two databases") },
  });
  expect([await ticksOf(one.url), await ticksOf(other.url)]).toEqual([0, 0]);
});

test("a copy of a database has another incarnation from the first write on", async () => {
  const original = await databaseOf("postgres");
  const first = await serving({ DATABASE_URL: original.url });
  await first.ready(true);
  await first.stop();
  const incarnation = await settingOf(original.url, "incarnation");
  const copied = await emptyDatabase(original.name);
  closers.push(() => copied.drop());
  const second = await serving({ DATABASE_URL: copied.url });
  await second.ready(true);
  expect(await settingOf(copied.url, "database_id")).toBe(await settingOf(original.url, "database_id"));
  expect(await settingOf(copied.url, "incarnation")).not.toBe(incarnation);
  expect(await settingOf(original.url, "incarnation")).toBe(incarnation);
  const again = await serving({ DATABASE_URL: original.url });
  await again.ready(true);
  expect(await settingOf(original.url, "incarnation")).toBe(incarnation);
});

test.each([
  ["goes on", true],
  ["is started anew afterwards", false],
])(
  "a disk that was put back to an earlier moment is another incarnation to a service that %s",
  async (_how, goesOn) => {
    const server = await testPostgres();
    closers.push(() => server.drop());
    await migrated(server);
    const kept = `${server.dataFolder}-kept`;
    closers.push(() => rmSync(kept, { recursive: true, force: true }));
    let service = await serving({ DATABASE_URL: server.url });
    await service.ready(true);
    expect((await service.post()).status).toBe(201);
    await server.stop();
    await service.ready(false);
    const cluster = join(server.dataFolder, "cluster");
    copy(cluster, kept);
    await server.start();
    await service.ready(true);
    const incarnation = await settingOf(server.url, "incarnation");
    for (let i = 0; i < 5; i += 1) expect((await service.post()).status).toBe(201);
    await logKept(server.url);
    await server.stop();
    if (!goesOn) await service.stop();
    rmSync(cluster, { recursive: true });
    copy(kept, cluster);
    await server.start();
    if (!goesOn) service = await serving({ DATABASE_URL: server.url });
    await eventually(async () => (await settingOf(server.url, "incarnation")) !== incarnation, {
      what: "another incarnation",
    });
    await eventually(async () => (await service.post()).status === 201);
  },
);

test("a server that crashed and recovered keeps its incarnation", async () => {
  const server = await testPostgres();
  closers.push(() => server.drop());
  await migrated(server);
  const service = await serving({ DATABASE_URL: server.url });
  await service.ready(true);
  const incarnation = await settingOf(server.url, "incarnation");
  for (let round = 0; round < 3; round += 1) {
    expect((await service.post()).status).toBe(201);
    await server.kill9();
    await service.ready(false);
    await server.start();
    await service.ready(true);
  }
  expect(await settingOf(server.url, "incarnation")).toBe(incarnation);
});

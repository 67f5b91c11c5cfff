import { setTimeout as delay } from "node:timers/promises";
import type { FxClient } from "@fx-ohlc/client";
import { eventually, startService, type TestService, testRedis } from "@fx-ohlc/testkit";
import type postgres from "postgres";
import { StillHistory } from "../src/history/still-history.js";
import { DatabaseHost } from "../src/life/database-host.js";
import { impatientClient, System } from "../src/system.js";

const SYMBOL = "EURUSD";
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
/** When days of 2025 are over for good, by every boundary and clock. */
const OLD_MS = Date.UTC(2025, 2, 12, 9, 30);
/** Where a refresh worker is killed after a late tick, ms: before it noticed, in the middle of each of its steps, and after. */
const KILLED_AFTER_MS = [0, 15, 40, 80, 150];

const tick = (ms: number, price: number) => ({ symbol: SYMBOL, time: new Date(ms).toISOString(), price });

/** A tick in each of ten minutes of four days, and some of today. */
async function writeHistory(client: FxClient): Promise<void> {
  const old = [0, 1, 30, 200].flatMap((day) =>
    Array.from({ length: 10 }, (_, minute) => tick(OLD_MS + day * DAY_MS + minute * MINUTE_MS, 1 + minute / 100)),
  );
  await client.postTicks([...old, tick(Date.now() - 1_000, 1.5)]);
}

describe("stored bars that change while nobody reads", () => {
  let system: System;
  let ingest: TestService;
  let spare: TestService;
  let write: FxClient;
  let history: StillHistory;

  beforeAll(async () => {
    system = await System.create();
    // The spare one leads until it is killed.
    spare = await system.start("tick-ingest");
    ingest = await system.start("tick-ingest");
    const replicas = await Promise.all([system.start("ohlc-query"), system.start("ohlc-query")]);
    write = impatientClient(ingest);
    history = new StillHistory(system.sql, replicas, SYMBOL);
    await writeHistory(write);
    await history.warm();
  });
  afterAll(() => system.stop());

  test("a refresh worker that is killed at any point leaves nothing in memory that is not so any more", async () => {
    for (const [index, afterMs] of KILLED_AFTER_MS.entries()) {
      await write.postTick(tick(OLD_MS + index * MINUTE_MS + 30_000, 2 + index));
      await delay(afterMs);
      await spare.kill9();
      expect(await history.faults()).toEqual([]);
      await spare.start();
      // Whoever leads now is the other one: his sessions end, so that the spare one leads again.
      await endLeader(system.sql, ingest);
    }
    await eventually(async () => (await minutesOf(system.sql)) === 40 + 1, { what: "late ticks to be in the bars" });
    expect(await history.faults()).toEqual([]);
  });

  test("what services of the first version write and refresh is seen by those that keep bars in memory", async () => {
    const { sql } = system;
    await history.warm();
    const at = new Date(OLD_MS + 30 * DAY_MS + 20_000).toISOString();
    await sql`insert into ticks (symbol, time, seq, price) values (${SYMBOL}, ${at}, 7, 3)`;
    await refreshAsFirstVersion(sql, await system.engine());
    expect(await history.faults()).toEqual([]);
    await sql`update ticks set price = 4 where symbol = ${SYMBOL} and time = ${at}`;
    await refreshAsFirstVersion(sql, await system.engine());
    expect(await history.faults()).toEqual([]);
    await sql`delete from ticks where symbol = ${SYMBOL} and time = ${at}`;
    await refreshAsFirstVersion(sql, await system.engine());
    expect(await history.faults()).toEqual([]);
  });
});

async function endLeader(sql: postgres.Sql, next: TestService): Promise<void> {
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name like 'fx maintenance%'`;
  await eventually(async () => (await fetch(`${next.url}/ready`)).ok, { what: "a service to be ready" });
}

async function minutesOf(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ minutes: number }[]>`
    select count(*)::int as minutes from ohlc_minute where symbol = ${SYMBOL} and bucket >= '2020-01-01 00:00:00+00'`;
  return row?.minutes ?? 0;
}

/** Its worker refreshed the three levels over the window of a late tick, one after the other. */
async function refreshAsFirstVersion(sql: postgres.Sql, engine: string): Promise<void> {
  if (engine === "postgres") return;
  const [from, to] = [OLD_MS + 29 * DAY_MS, OLD_MS + 32 * DAY_MS].map((ms) => new Date(ms).toISOString());
  for (const level of ["minute", "hour", "day"]) {
    const refresh = () => sql.unsafe(`call refresh_continuous_aggregate('ohlc_${level}', '${from}', '${to}')`);
    await eventually(() => refresh(), { what: "a refresh beside the system's own" });
  }
}

describe("a database that goes back to an earlier moment under running services", () => {
  let host: DatabaseHost;
  let redis: Awaited<ReturnType<typeof testRedis>>;
  let services: TestService[];

  beforeAll(async () => {
    [host, redis] = await Promise.all([DatabaseHost.create({ hour: 22, timezone: "UTC" }), testRedis()]);
    const env = { LOG_LEVEL: "warn", DATABASE_URL: host.url, REDIS_URL: redis.url };
    services = await Promise.all(
      ["tick-ingest", "ohlc-query", "ohlc-query"].map((name) => startService({ name, env })),
    );
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.kill9()));
    await Promise.all([host.drop(), redis.drop()]);
  });

  const areReady = () =>
    eventually(
      async () => (await Promise.all(services.map(({ url }) => fetch(`${url}/ready`)))).every(({ ok }) => ok),
      {
        what: "every service to be ready again",
      },
    );

  test("leaves nothing in memory of what has not happened, nor of what then happened in its place", async () => {
    const [ingest, ...replicas] = services;
    if (ingest === undefined) throw new Error("three services were started");
    const write = impatientClient(ingest);
    const history = new StillHistory(host.sql, replicas, SYMBOL);
    await writeHistory(write);
    await history.warm();
    const backup = await host.backup();
    await areReady();
    await write.putTick({ symbol: SYMBOL, time: new Date(OLD_MS).toISOString() }, 5);
    await write.deleteTicks({
      symbol: SYMBOL,
      start: new Date(OLD_MS + 30 * DAY_MS).toISOString(),
      end: new Date(OLD_MS + 31 * DAY_MS).toISOString(),
    });
    await history.warm();
    expect(await history.faults()).toEqual([]);

    await host.restore(backup);
    await areReady();
    expect(await history.faults()).toEqual([]);
    await write.putTick({ symbol: SYMBOL, time: new Date(OLD_MS).toISOString() }, 6);
    await history.warm();
    expect(await history.faults()).toEqual([]);

    // Once more to the same moment, of which everybody has memories by now.
    await host.restore(backup);
    await areReady();
    expect(await history.faults()).toEqual([]);
  });
});

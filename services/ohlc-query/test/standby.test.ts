import { type MigrateOptions, migrate, openPool, type Sql } from "@fx-ohlc/database";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { eventually, type TestPostgres, type TestStandby, testPrimary, testStandby } from "@fx-ohlc/testkit";
import { type App, createApp } from "../src/app.js";
import { configFor, get, microsOf } from "./read-side.js";

const SETTINGS: Omit<MigrateOptions, "url"> = {
  engine: "postgres",
  dayBoundary: { hour: 22, timezone: "UTC" },
  compressionAfterDays: 0,
  retentionDays: 0,
  refreshIntervals: { minute: 5, hour: 30, day: 300 },
};
const startUs = nowUs() - 60_000_000;
const HISTORY = `/ticks?symbol=EURUSD&start=${formatTime(startUs)}`;

const pool = (url: string): Sql =>
  openPool({ url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 10_000 });

describe("with DATABASE_READ_URL", () => {
  let primary: TestPostgres;
  let standby: TestStandby;
  let sql: Sql;
  let onStandby: Sql;
  let app: App;
  let stored = 0;

  beforeAll(async () => {
    primary = await testPrimary();
    await migrate({ ...SETTINGS, url: primary.url });
    standby = await testStandby(primary);
    sql = pool(primary.url);
    onStandby = pool(standby.url);
    const config = { ...configFor(primary.url), databaseReadUrl: standby.url };
    app = createApp(config, "1", new AbortController().signal);
    await app.start();
  });

  afterAll(async () => {
    await app.stop();
    await Promise.all([sql.end({ timeout: 1 }), onStandby.end({ timeout: 1 })]);
    await standby.drop();
    await primary.drop();
  });

  const url = () => `http://127.0.0.1:${app.port}`;
  const rows = async (path: string) => (await get<unknown[]>(url(), path)).body.length;
  const insert = async () => {
    stored += 1;
    await sql`insert into ticks values ('EURUSD', ${startUs + stored}::timestamptz, 0, 1.1)`;
  };
  const tickCount = async (path: string) =>
    (await get<{ tick_count: number }[]>(url(), path)).body.reduce((sum, bar) => sum + bar.tick_count, 0);
  const latest = () => tickCount("/ohlc/latest?symbol=EURUSD&interval=day");
  const corrected = () =>
    tickCount(`/internal/ohlc/day?symbol=EURUSD&start=${formatTime(startUs - 2 * 86_400_000_000)}`);
  const anchored = async () => {
    const answer = await get<{ bars: { interval: string; tick_count: number }[] }>(
      url(),
      "/internal/anchor?symbol=EURUSD",
    );
    return answer.body.bars.find((bar) => bar.interval === "day")?.tick_count;
  };

  test("history comes from the standby, newest bars and all that gateways ask for from the primary", async () => {
    await insert();
    await eventually(async () => (await rows(HISTORY)) === 1, { what: "the standby to have the tick" });
    await onStandby`select pg_wal_replay_pause()`;
    await eventually(
      async () => (await onStandby`select 1 where pg_get_wal_replay_pause_state() = 'paused'`).length === 1,
    );
    await insert();
    expect(await latest()).toBe(2);
    expect(await anchored()).toBe(2);
    expect(await corrected()).toBe(2);
    expect(await rows(HISTORY)).toBe(1);
    await onStandby`select pg_wal_replay_resume()`;
    await eventually(async () => (await rows(HISTORY)) === 2, { what: "the standby to catch up" });
  });

  test("what is read from the standby says up to when it holds everything, kept bars and what has not changed too", async () => {
    const day = `/ohlc/day?symbol=EURUSD&start=${formatTime(startUs - 2 * 86_400_000_000)}&end=${formatTime(startUs + 86_400_000_000)}`;
    const ageOf = async (path: string, headers = {}) => {
      const answer = await get(url(), path, headers);
      return { ...answer, asOf: answer.headers.get("x-data-as-of") ?? "" };
    };
    const isTold = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
    for (const path of [HISTORY, day, day, day.replace("/day?", "?interval=5m&"), `${HISTORY}&limit=all`, "/symbols"]) {
      expect([path, (await ageOf(path)).asOf]).toEqual([path, expect.stringMatching(isTold)]);
    }
    const { headers } = await ageOf(day);
    const unchanged = await ageOf(day, { "If-None-Match": headers.get("etag") ?? "" });
    expect([unchanged.status, unchanged.asOf]).toEqual([304, expect.stringMatching(isTold)]);
    expect((await ageOf("/ohlc/latest?symbol=EURUSD&interval=day")).asOf).toBe("");

    await onStandby`select pg_wal_replay_pause()`;
    await eventually(
      async () => (await onStandby`select 1 where pg_get_wal_replay_pause_state() = 'paused'`).length === 1,
    );
    const [{ at } = { at: 0 }] = await sql<{ at: number }[]>`select clock_timestamp() as at`;
    await insert();
    expect(microsOf((await ageOf(HISTORY)).asOf)).toBeLessThan(at);
    await onStandby`select pg_wal_replay_resume()`;
    await eventually(async () => microsOf((await ageOf(HISTORY)).asOf) >= at, { what: "the standby to catch up" });
    expect(await rows(HISTORY)).toBe(stored);
  });

  test("while the standby is away the primary answers in its place", async () => {
    await standby.stop();
    await insert();
    await eventually(async () => (await get<unknown[]>(url(), HISTORY)).body.length === stored);
    expect((await get(url(), HISTORY)).headers.get("x-data-as-of")).toBeNull();
    expect((await get(url(), "/health")).status).toBe(200);
  });
});

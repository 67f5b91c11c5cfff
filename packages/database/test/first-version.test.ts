import { emptyDatabase, eventually, type TestDatabase } from "@fx-ohlc/embedded";
import { US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { migrate } from "../src/migrate.js";
import { type Engine, settingsOf } from "../src/settings.js";
import { openPool, type Sql } from "../src/sql.js";
import { makeFirstVersion } from "./first-version.js";
import { history, Keeper } from "./keeper.js";

let database: TestDatabase;
let sql: Sql;
let engine: Engine;
let keeper: Keeper | undefined;

beforeEach(async () => {
  const probe = await Keeper.open();
  engine = probe.engine;
  await probe.close();
  database = await emptyDatabase();
  sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
});
afterEach(async () => {
  await sql.end({ timeout: 1 });
  await (keeper?.close() ?? database.drop());
  keeper = undefined;
});

async function fill(days: number): Promise<void> {
  const ticks = history(Date.now() * 1000, days, 0, 17 * US_PER_MINUTE);
  await sql`
    insert into ticks (symbol, time, seq, price)
    select symbol, time, 0, price
      from unnest(${ticks.map(({ symbol }) => symbol)}::text[], ${ticks.map(({ timeUs }) => timeUs)}::timestamptz[],
                  ${ticks.map(({ price }) => price)}::float8[]) as t(symbol, time, price)`;
  if (engine === "postgres") return;
  for (const level of ["minute", "hour", "day"]) {
    // In one transaction, and not in one for each few minutes.
    await sql.unsafe(
      `call refresh_continuous_aggregate('ohlc_${level}', null, now() - interval '2 days', options => '{"buckets_per_batch": 0}')`,
    );
  }
}

/** The retention of the first version, by its own statements. */
async function dropAsFirstVersion(): Promise<void> {
  if (engine === "timescaledb") {
    await sql`select drop_chunks('ticks', older_than => interval '8 days')`;
    return;
  }
  // Killed after its first symbol and half of the second.
  await sql.begin(async (sweep) => {
    await sweep`set local fx.keep_bars = 'on'`;
    await sweep`delete from ticks where symbol = 'EURUSD' and time < now() - interval '8 days'`;
    await sweep`delete from ticks where symbol = 'USDJPY' and time < now() - interval '11 days'`;
  });
}

test("a database whose ticks the first version dropped keeps every bar, whatever retention is asked for", async () => {
  await makeFirstVersion(sql, engine, 8);
  await fill(15);
  await dropAsFirstVersion();
  await migrate({ url: database.url, engine: "auto", retentionDays: 60 });
  keeper = await Keeper.on(database);
  const before = await keeper.bars();
  const { wholeFromUs } = await keeper.mark();
  expect(keeper.nowUs - wholeFromUs).toBeLessThanOrEqual(9 * US_PER_DAY);
  expect(keeper.nowUs - wholeFromUs).toBeGreaterThan(7.9 * US_PER_DAY);
  keeper.startWorker();
  await keeper.store([{ symbol: "LATE", timeUs: keeper.nowUs - US_PER_DAY, price: 1 }]);
  await keeper.refreshed();
  await eventually(async () => ((await keeper?.oldestTick()) ?? 0) >= wholeFromUs);
  expect((await keeper.bars()).filter(({ symbol }) => symbol !== "LATE")).toEqual(before);
});

test("old ticks that the first version took again after it had dropped them do not hide where whole ticks begin", async () => {
  await makeFirstVersion(sql, engine, 8);
  await fill(15);
  await dropAsFirstVersion();
  await sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', now() - interval '14 days', 0, 1), ('USDJPY', now() - interval '14 days', 0, 1)`;
  await migrate({ url: database.url, engine: "auto", retentionDays: 60 });
  keeper = await Keeper.on(database);
  const { wholeFromUs } = await keeper.mark();
  expect(keeper.nowUs - wholeFromUs).toBeLessThanOrEqual(9 * US_PER_DAY);
  expect(keeper.nowUs - wholeFromUs).toBeGreaterThan(7.9 * US_PER_DAY);
});

test("a database that never dropped anything is whole from its first tick on", async () => {
  await makeFirstVersion(sql, engine, 0);
  await fill(15);
  await migrate({ url: database.url, engine: "auto" });
  keeper = await Keeper.on(database);
  expect(await keeper.mark()).toEqual({ droppedBeforeUs: 0, wholeFromUs: 0 });
});

test("what the first version was set to stays, and its streams keep their names", async () => {
  await makeFirstVersion(sql, engine, 8);
  await migrate({ url: database.url, engine: "auto" });
  const settings = Object.fromEntries(await settingsOf(sql));
  const onTimescaleDb = engine === "timescaledb";
  expect(settings).toMatchObject({
    keep_ticks_days: "8",
    compression_after_days: onTimescaleDb ? "3" : "7",
    refresh_minute_interval_s: onTimescaleDb ? "77" : "5",
    stream_namespace: "",
    // First-version services that still run delete by it on plain PostgreSQL, without the mark.
    retention_days: onTimescaleDb ? "8" : "0",
  });
  await migrate({ url: database.url, engine: "auto", ownStreamNames: true });
  const own = Object.fromEntries(await settingsOf(sql));
  expect(own.stream_namespace).toBe(own.database_id);
});

test("a first-version sweep that is still running cannot make a bar wrong", async () => {
  await makeFirstVersion(sql, engine, 8);
  if (engine === "timescaledb") return;
  await fill(15);
  await migrate({ url: database.url, engine: "auto", retentionDays: 60 });
  keeper = await Keeper.on(database);
  const before = await keeper.bars();
  await dropAsFirstVersion();
  const replay = sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', now() - interval '9 days', 1, 5)`;
  await expect(replay).rejects.toMatchObject({ code: "FXRET" });
  await expect(sql`delete from ticks where time < now() - interval '9 days'`).rejects.toMatchObject({ code: "FXRET" });
  const put = sql`update ticks set price = 9 where time < now() - interval '9 days' and symbol = 'USDJPY'`;
  await expect(put).rejects.toMatchObject({ code: "FXRET" });
  expect(await keeper.bars()).toEqual(before);
});

import type { FxClient } from "@fx-ohlc/client";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { eventually, type TestService, testPgbouncer } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { BUCKETS, expectedBars } from "../src/expected-bars.js";
import { readBars } from "../src/reads.js";
import { storedTicks } from "../src/stored.js";
import { backlogOf, impatientClient, System } from "../src/system.js";
import { type Place, type WrongDatabase, wrongDatabase } from "../src/wrong-settings.js";

const US_PER_DAY = 86_400_000_000;
const SYMBOL = "EURUSD";
const ALL_OF_TIME = { start: "1970-01-01T00:00:00Z", end: "2100-01-01T00:00:00Z" };
/** Prices that need all 17 digits: with fewer each of them reads as another one. */
const priceAt = (index: number) => 1.1 + index / 3e6;

/** Longer than every time-out among the wrong settings. */
const WAITED = "500 milliseconds";

/** One live minute and three late days. */
function ticks(): { symbol: string; time: string; price: number }[] {
  const starts = [0, 1, 2, 3].map((days) => nowUs() - days * US_PER_DAY - 30_000_000);
  return starts.flatMap((startUs) =>
    Array.from({ length: 50 }, (_, index) => ({
      symbol: SYMBOL,
      time: formatTime(startUs + index * 500_001),
      price: priceAt(index),
    })),
  );
}

interface Sides {
  readonly ingest: TestService;
  readonly write: FxClient;
  readonly read: FxClient;
  readonly sql: postgres.Sql;
}

/** Writes, writes again and corrects ticks, and compares every bar with one computed from what is stored. */
async function expectExact({ ingest, write, read, sql }: Sides): Promise<void> {
  const rows = ticks();
  expect(await write.postTicks(rows)).toMatchObject({ created: 200, duplicates: 0 });
  expect(await write.postTicks(rows)).toMatchObject({ created: 0, duplicates: 200 });
  const [first, second] = rows;
  if (first === undefined || second === undefined) throw new Error("no ticks");
  expect(await write.postTick(first)).toMatchObject({ duplicate: true, price: first.price });
  await write.putTick(first, 1.9000000000000004);
  await write.deleteTick(second);
  await eventually(async () => (await backlogOf(ingest)) === 0, { what: "bars of late ticks" });

  const stored = await storedTicks(sql, SYMBOL);
  expect(stored).toHaveLength(199);
  expect(stored.filter(({ price }) => price === 1.9000000000000004)).toHaveLength(1);
  for (const interval of ["minute", "hour", "day"] as const) {
    const bars = await readBars(read, { symbol: SYMBOL, interval, ...ALL_OF_TIME });
    expect({ interval, bars }).toEqual({ interval, bars: expectedBars(stored, BUCKETS[interval]) });
  }
}

const PLACES: [place: Place, whose: string, isSuperuser: boolean][] = [
  ["database", "a superuser", true],
  ["role", "a superuser", true],
  ["role", "an ordinary role", false],
];

describe.each(PLACES)("with every setting of the %s wrong, as %s", (place, _whose, isSuperuser) => {
  let database: WrongDatabase;
  let system: System;
  let ingest: TestService;
  let write: FxClient;
  let read: FxClient;
  let sql: postgres.Sql;

  beforeAll(async () => {
    database = await wrongDatabase(place, isSuperuser);
    system = await System.create(async () => database);
    ingest = await system.start("tick-ingest");
    write = impatientClient(ingest);
    read = impatientClient(await system.start("ohlc-query"));
    sql = postgres(database.rightUrl, { max: 2, onnotice: () => undefined });
  });
  afterAll(async () => {
    await sql.end({ timeout: 2 });
    await system.stop();
  });

  it("replays are found, corrections are made, and every bar is that of its ticks", () =>
    expectExact({ ingest, write, read, sql }));

  it("a writer that waits for another one's lock gets it, however long it waits", async () => {
    const [tick] = ticks();
    const posted = await sql.begin(async (transaction) => {
      await transaction`select pg_advisory_xact_lock(hashtextextended(${SYMBOL}, 0))`;
      const answer = write.postTick({ ...tick, symbol: SYMBOL, price: 1.5 });
      const waiting = () => transaction`
        select 1 from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query_start < clock_timestamp() - ${WAITED}::interval`;
      await eventually(async () => (await waiting()).length > 0, { what: "the writer to wait for long" });
      return { answer };
    });
    expect(await posted.answer).toMatchObject({ price: 1.5 });
  });

  it("a search_path that was changed leads to the same tables, and never to a second system", async () => {
    await sql`create schema another_place`;
    await database.set("search_path", "another_place");
    await database.migrate();
    expect(await sql`select 1 from pg_tables where schemaname = 'another_place'`).toEqual([]);
    const restarted = await system.start("ohlc-query");
    const bars = await readBars(impatientClient(restarted), { symbol: SYMBOL, interval: "day", ...ALL_OF_TIME });
    expect(bars.length).toBeGreaterThan(2);
  });
});

/** What a pooler does with the settings that a session asks for at its start. */
const POOLERS: [what: string, ignored: readonly string[]][] = [
  ["refuses", []],
  ["ignores", ["statement_timeout", "idle_in_transaction_session_timeout", "bytea_output", "IntervalStyle"]],
  [
    "ignores all of",
    [
      ...["statement_timeout", "idle_in_transaction_session_timeout", "bytea_output", "IntervalStyle", "lock_timeout"],
      ...["default_transaction_isolation", "default_transaction_deferrable", "row_security", "plan_cache_mode"],
      ...["search_path", "idle_session_timeout", "transaction_timeout"],
    ],
  ],
];

/** Time-outs that are long enough for the one statement of a transaction that says what the others rely on. */
const OF_POOLED_SESSIONS = {
  ...{ statement_timeout: "1s", idle_session_timeout: "1min", idle_in_transaction_session_timeout: "1s" },
};

describe.each(POOLERS)(
  "behind pgbouncer with the file that is deployed, which %s the settings of sessions",
  (_what, ignored) => {
    it("every setting of the role may be wrong: transactions say what they rely on", async () => {
      const database = await wrongDatabase("role", false, OF_POOLED_SESSIONS);
      const pooler = await testPgbouncer(database.url, ignored);
      const system = await System.create(async () => database);
      const sql = postgres(database.rightUrl, { max: 1, onnotice: () => undefined });
      try {
        if (pooler === undefined) return;
        const pooled = {
          DATABASE_URL: pooler.url,
          DATABASE_DIRECT_URL: database.url,
          DATABASE_PREPARE: String(pooler.keepsStatements),
        };
        const ingest = await system.start("tick-ingest", pooled);
        const query = await system.start("ohlc-query", pooled);
        await expectExact({ ingest, write: impatientClient(ingest), read: impatientClient(query), sql });
        for (const path of ["/internal/anchor", "/symbols", `/ohlc/latest?symbol=${SYMBOL}&interval=day`])
          expect((await fetch(query.url + path)).status).toBe(200);
      } finally {
        await sql.end({ timeout: 2 });
        await pooler?.stop();
        await system.stop();
        await pooler?.drop();
      }
    });
  },
);

import { once } from "node:events";
import { setTimeout as later } from "node:timers/promises";
import { emptyDatabase, eventually, type TestDatabase } from "@fx-ohlc/embedded";
import { Database } from "../src/database.js";
import { migrate } from "../src/migrate.js";

/** A look finds the server away when it answers nothing for so long; one of these looks takes three times that. */
const PING_TIMEOUT_MS = 500;
const LOOK_S = 1.5;
const OPTIONS = { applicationName: "test", connectionsMax: 2, statementTimeoutMs: 0 };

let server: TestDatabase;
let database: Database;
beforeAll(async () => {
  server = await emptyDatabase();
  await migrate({ url: server.url, engine: "auto" });
  database = new Database({ url: server.url, ...OPTIONS, pingIntervalMs: 20, pingTimeoutMs: PING_TIMEOUT_MS });
  database.start();
  await database.untilAvailable();
}, 60_000);
afterAll(async () => {
  await database.close(0);
  await server.drop();
});

/** Keeps this process from doing anything else. */
function holdUp(ms: number): void {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs; );
}

test("a process that was held up itself for longer than that does not take the server for away", async () => {
  // A look nearly always: it is held up between two of its statements.
  const looking = new Database({ url: server.url, ...OPTIONS, pingIntervalMs: 1, pingTimeoutMs: PING_TIMEOUT_MS });
  let awayTimes = 0;
  looking.start();
  try {
    await looking.untilAvailable();
    looking.on("away", () => {
      awayTimes += 1;
    });
    for (let times = 0; times < 8; times += 1) {
      await later(7 + times);
      holdUp(1.5 * PING_TIMEOUT_MS);
    }
    expect(awayTimes).toBe(0);
  } finally {
    await looking.close(0);
  }
});

test("a server that is slow to answer a look is not away while it answers others, and is when it answers nobody", async () => {
  const { sql } = database;
  await sql`create sequence looks`;
  await sql.unsafe(`create or replace function fx_clock() returns timestamptz language sql volatile
                    return (select case when pg_sleep(${LOOK_S}) is not null then clock_timestamp() end
                              from nextval('looks'))`);
  let awayTimes = 0;
  database.on("away", () => {
    awayTimes += 1;
  });
  const looks = () =>
    database.whileAvailable(() => database.sql<{ n: number }[]>`select last_value::int as n from looks`);
  await eventually(async () => ((await looks())[0]?.n ?? 0) >= 4, { timeoutMs: 30_000, what: "three slow looks" });
  expect(awayTimes).toBe(0);
  await once(database, "away");
  expect(database.available).toBe(false);
}, 60_000);

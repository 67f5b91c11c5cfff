import { once } from "node:events";
import { emptyDatabase, eventually, type TestDatabase } from "@fx-ohlc/embedded";
import { Database } from "../src/database.js";
import { migrate } from "../src/migrate.js";

/** A look finds the server away when it answers nothing for so long; one of these looks takes three times that. */
const PING_TIMEOUT_MS = 500;
const LOOK_S = 1.5;

let server: TestDatabase;
let database: Database;
beforeAll(async () => {
  server = await emptyDatabase();
  await migrate({ url: server.url, engine: "auto" });
  const options = { applicationName: "test", connectionsMax: 2, statementTimeoutMs: 0 };
  database = new Database({ url: server.url, ...options, pingIntervalMs: 20, pingTimeoutMs: PING_TIMEOUT_MS });
  database.start();
  await database.untilAvailable();
}, 60_000);
afterAll(async () => {
  await database.close(0);
  await server.drop();
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

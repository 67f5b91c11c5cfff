import { emptyDatabase, type TestDatabase } from "@fx-ohlc/embedded";
import { openPool, type Sql } from "../src/sql.js";
import { lockSymbols } from "../src/symbol-locks.js";

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await emptyDatabase();
  sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 2, statementTimeoutMs: 10_000 });
  await sql`create table written (symbol text)`;
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

test("a statement sent after the locks sees what their last holder committed, also when nobody awaits them first", async () => {
  let reading: Promise<number> | undefined;
  await sql.begin(async (writer) => {
    await lockSymbols(writer, ["EURUSD"]);
    reading = sql.begin(async (reader) => {
      const read = async () => (await reader`select 1 from written`).length;
      const [, rows] = await Promise.all([lockSymbols(reader, ["GBPUSD", "EURUSD"]), read()]);
      return rows;
    });
    for (let waiting = 0; waiting === 0; ) {
      ({ waiting = 0 } =
        (await writer`select count(*) as waiting from pg_locks where locktype = 'advisory' and not granted`)[0] ?? {});
    }
    await writer`insert into written values ('EURUSD')`;
  });
  expect(await reading).toBe(1);
});

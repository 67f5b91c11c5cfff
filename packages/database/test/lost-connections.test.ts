import { emptyDatabase, type TestDatabase } from "@fx-ohlc/embedded";
import { openPool, type Sql } from "../src/sql.js";
import { errorCode } from "../src/sql-state.js";

/** Whether a close arrives before or after the next statement is sent is up to the machine: each must have its turn. */
const ROUNDS = 20;

let database: TestDatabase;
let sql: Sql;
let killer: Sql;
beforeAll(async () => {
  database = await emptyDatabase();
  const open = () =>
    openPool({ url: database.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 5000 });
  [sql, killer] = [open(), open()];
});
afterAll(async () => {
  await Promise.all([sql.end(), killer.end()]);
  await database.drop();
});

test("a transaction whose connection the server closes is rejected, and the next query is answered on a new one", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const transaction = sql.begin(async (own) => {
      const [row] = await own<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await killer`select pg_terminate_backend(${row?.pid ?? 0}::int)`;
      await own`select 1`;
    });
    expect(await transaction.catch(errorCode)).toMatch(/^(CONNECTION_CLOSED|ECONNRESET|EPIPE|57P01)$/);
    expect(await sql`select 3 as answer`).toEqual([{ answer: 3 }]);
  }
});

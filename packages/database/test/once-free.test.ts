import { emptyDatabase, type TestDatabase } from "@fx-ohlc/embedded";
import { onceFree } from "../src/once-free.js";
import { openPool, type Sql } from "../src/sql.js";

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await emptyDatabase();
  sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 2, statementTimeoutMs: 30_000 });
  await sql`create table refreshed (bars int)`;
});
afterAll(async () => {
  await sql.end({ timeout: 2 });
  await database.drop();
});

test("what somebody else has locked is tried again until it is free", async () => {
  const other = await sql.reserve();
  await other`begin`;
  await other`lock table refreshed in access exclusive mode`;
  const said: string[] = [];
  await onceFree(() => sql.begin((transaction) => transaction`lock table refreshed in share mode nowait`), {
    before: () => void said.push("tried"),
    afterFailure: async () => {
      said.push("failed");
      if (said.length > 2) await other`commit`;
    },
  });
  other.release();
  expect(said).toEqual(["tried", "failed", "tried", "failed", "tried"]);
});

test("what fails for another reason fails", async () => {
  await expect(onceFree(() => sql`insert into missing values (1)`)).rejects.toMatchObject({ code: "42P01" });
});

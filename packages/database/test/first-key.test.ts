import { secretHash } from "@fx-ohlc/access";
import { emptyDatabase, type TestDatabase } from "@fx-ohlc/embedded";
import postgres from "postgres";
import { makeAdminKey } from "../src/first-key.js";
import { migrate } from "../src/migrate.js";

const KEY = `fxk_first_${"k".repeat(43)}`;

let database: TestDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await emptyDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => undefined });
});

afterAll(async () => {
  await sql.end();
  await database.drop();
});

test("the first key is made once, holds every scope, and one that was revoked does not come back", async () => {
  const lines: string[] = [];
  const options = {
    url: database.url,
    engine: "auto" as const,
    adminKey: KEY,
    log: (line: string) => lines.push(line),
  };
  await migrate(options);
  await sql`update api_keys set revoked_at = now()`;
  await migrate(options);
  const [row, ...others] = await sql`select * from api_keys`;
  expect(others).toEqual([]);
  expect(row).toMatchObject({ id: "first", secret_hash: secretHash("k".repeat(43)), created_by: "operator" });
  expect(row?.scopes).toContain("admin");
  expect(row?.revoked_at).not.toBeNull();
  expect(lines.join("\n")).not.toContain("kkk");
  expect(await sql`select actor, action, target from audit`).toMatchObject([
    { actor: "operator", action: "key.created", target: "first" },
  ]);
});

test("another secret under the same id is refused", async () => {
  const other = { url: database.url, engine: "auto" as const, adminKey: `fxk_first_${"o".repeat(43)}` };
  await expect(migrate(other)).rejects.toThrow("ADMIN_KEY: there is a key first already");
});

test("fx-migrate makes a key and shows its token, which is kept nowhere", async () => {
  const token = await makeAdminKey({ url: database.url, log: () => undefined });
  const [, id = "", secret = ""] = /^fxk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
  const [row] = await sql`select secret_hash from api_keys where id = ${id}`;
  expect(row?.secret_hash).toBe(secretHash(secret));
  await sql`update api_keys set name = 'ＡDMIN' where id = ${id}`;
  await makeAdminKey({ url: database.url, log: () => undefined });
  const live = await sql`select id, name from api_keys where revoked_at is null order by created_at`;
  // What each of them did is told apart.
  expect(live.map(({ name }) => name)).toEqual(["ＡDMIN", `admin ${live[1]?.id}`]);
});

import { emptyDatabase, type TestDatabase } from "@fx-ohlc/embedded";
import { migrate } from "../src/migrate.js";
import { type Engine, readSettings } from "../src/settings.js";
import { openPool, type Sql, type Transaction } from "../src/sql.js";
import { makeFirstVersion } from "./first-version.js";
import { Keeper } from "./keeper.js";

const LONGEST = "A".repeat(32);

let database: TestDatabase;
let sql: Sql;
let engine: Engine;

beforeEach(async () => {
  const probe = await Keeper.open();
  engine = probe.engine;
  await probe.close();
  database = await emptyDatabase();
  sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 3, statementTimeoutMs: 0 });
});
afterEach(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});

const insert = (queries: Sql | Transaction, symbol: string, age = "0 s") =>
  queries`insert into ticks (symbol, time, seq, price) values (${symbol}, now() - ${age}::interval, 0, 1)`;

/** Old ticks whose bars are materialised and whose chunks are compressed, young ones, and one that waits for its refresh. */
async function fillFirstVersion(): Promise<void> {
  await makeFirstVersion(sql, engine, 0);
  for (const symbol of ["EURUSD", "EUR_USD", "OLD."]) await insert(sql, symbol, "20 days");
  if (engine === "timescaledb") {
    for (const level of ["minute", "hour", "day"]) {
      await sql.unsafe(`call refresh_continuous_aggregate('ohlc_${level}', null, now() - interval '3 days')`);
    }
    await sql`select compress_chunk(chunk) from show_chunks('ticks') chunk`;
    await insert(sql, "LATE", "21 days");
    await sql`
      insert into refresh_queue (symbol, from_time, to_time, reason)
      values ('LATE', now() - interval '21 days', now() - interval '20 days', 'late')`;
  } else await insert(sql, "LATE", "21 days");
  await insert(sql, "YOUNG");
}

async function symbols(): Promise<string[]> {
  const rows = await sql<{ symbol: string }[]>`select symbol from symbols order by symbol`;
  return rows.map(({ symbol }) => symbol);
}

test("the table of symbols begins with every one the first version stored, and fx-migrate lists what is spelled otherwise now", async () => {
  await fillFirstVersion();
  const lines: string[] = [];
  await migrate({ url: database.url, engine: "auto", log: (line) => lines.push(line) });
  expect(await symbols()).toEqual(["EURUSD", "EUR_USD", "LATE", "OLD.", "YOUNG"]);
  expect(lines).toContain(
    "symbols that the first version stored are found by these very spellings, and by no other: EUR_USD OLD.",
  );
  expect((await readSettings(sql)).keptSpellings).toEqual(["EUR_USD", "OLD."]);
});

test("symbols of 32 characters are stored, in compressed chunks too, and no longer ones", async () => {
  await fillFirstVersion();
  await migrate({ url: database.url, engine: "auto" });
  await insert(sql, LONGEST);
  await insert(sql, LONGEST, "20 days");
  await expect(insert(sql, `${LONGEST}A`)).rejects.toThrow("ticks_symbol_length");
  await expect(insert(sql, `${LONGEST}A`, "20 days")).rejects.toThrow("ticks_symbol_length");
});

test("what services of the build before add while and after the table comes is in it, and heard of", async () => {
  await fillFirstVersion();
  const stored = (transaction: Transaction, table: string, number: string, symbol: string) => transaction`
    insert into ${transaction(table)} (ingest_id, ${transaction(number)}, symbols, from_time, to_time)
    values (${symbol}, 1, ${[symbol, "YOUNG"]}::text[], '{}', '{}')`;
  let isMigrated = false;
  const pool = openPool({ url: database.url, applicationName: "writer", connectionsMax: 1, statementTimeoutMs: 0 });
  const early = pool.begin(async (transaction) => {
    await insert(transaction, "EARLY");
    await transaction`select pg_sleep(1)`;
    await stored(transaction, "unpublished_commits", "batch", "EARLY");
    await transaction`select pg_sleep(1)`;
    expect(isMigrated).toBe(false);
  });
  await migrate({ url: database.url, engine: "auto" });
  isMigrated = true;
  await early;
  await pool.end();
  expect(await symbols()).toContain("EARLY");

  await sql.begin(async (transaction) => {
    await insert(transaction, "NEXT");
    await stored(transaction, "untold_commits", "number", "NEXT");
  });
  await sql.begin(async (transaction) => {
    await insert(transaction, "FIRST");
    await stored(transaction, "unpublished_commits", "batch", "FIRST");
  });
  const heard = await sql<{ symbol: string; is_now: boolean }[]>`
    select symbol, last_heard > now() - interval '10 seconds' as is_now from symbols
     where symbol in ('NEXT', 'FIRST', 'YOUNG', 'EURUSD') order by symbol`;
  expect(heard.map(({ symbol, is_now }) => [symbol, is_now])).toEqual([
    ["EURUSD", null],
    ["FIRST", true],
    ["NEXT", true],
    ["YOUNG", true],
  ]);
});

test("what somebody copied in by hand is added by hand, and known to have quotes", async () => {
  await migrate({ url: database.url, engine: "auto" });
  await insert(sql, "BYHAND");
  await sql`
    insert into ticks (symbol, time, seq, price, bid, ask)
    values ('QUOTED', now(), 0, 2, 1, 3), ('BYHAND', now() - interval '1 s', 0, 1, null, null)`;
  await sql`select add_stored_symbols()`;
  await sql`select add_stored_symbols()`;
  expect([...(await sql`select symbol, quotes from symbols order by symbol`)]).toEqual([
    { symbol: "BYHAND", quotes: false },
    { symbol: "QUOTED", quotes: true },
  ]);
  await sql`insert into ticks (symbol, time, seq, price, bid, ask) values ('BYHAND', now(), 1, 2, 1, 3)`;
  await sql`select add_stored_symbols()`;
  expect([...(await sql`select symbol from symbols where quotes order by symbol`)].map(({ symbol }) => symbol)).toEqual(
    ["BYHAND", "QUOTED"],
  );
});

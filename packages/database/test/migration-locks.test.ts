import { EventEmitter, once } from "node:events";
import { emptyDatabase, type TestDatabase } from "@fx-ohlc/embedded";
import { migrate } from "../src/migrate.js";
import { type Migration, parseMigration } from "../src/migration-file.js";
import { type Engine, SCHEMA_VERSION } from "../src/settings.js";
import { openPool, type Sql, type Transaction } from "../src/sql.js";
import { makeFirstVersion } from "./first-version.js";
import { Keeper } from "./keeper.js";

/** Days, each a chunk on TimescaleDB. MIGRATION_CHUNKS=2000 is the long form, which takes a minute to fill. */
const CHUNKS = Number(process.env.MIGRATION_CHUNKS ?? 200);
/** More in one transaction cost too many locks. */
const CHUNKS_AT_ONCE = 400;
/** How long a transaction stays open once the migration has met it, s. */
const OPEN_S = 5;

/** What a next version would bring, by the rules of the package's README. */
const NEXT: Record<Engine, string> = {
  timescaledb: `
    alter table ticks add column note double precision;
    -- step
    alter table ticks alter column note set default 1;
    -- step
    alter table ticks add constraint ticks_note check (note > 0) not valid;
    -- step
    create function note_insert() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger ticks_noted after insert on ticks for each statement execute function note_insert();`,
  postgres: `
    alter table ticks add column note double precision;
    -- step
    alter table ticks alter column note set default 1;
    -- step
    alter table ticks add constraint ticks_note check (note > 0) not valid;
    -- step outside a transaction
    create index concurrently if not exists ticks_by_note on ticks (note) where note is not null;
    -- step
    create function note_insert() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger ticks_noted after insert on ticks for each statement execute function note_insert();`,
};

let database: TestDatabase;
let engine: Engine;
let sql: Sql;
let others: Sql;

beforeAll(async () => {
  const probe = await Keeper.open();
  engine = probe.engine;
  await probe.close();
  database = await emptyDatabase();
  const pool = { url: database.url, applicationName: "writer", statementTimeoutMs: 0 };
  sql = openPool({ ...pool, connectionsMax: 1 });
  others = openPool({ ...pool, connectionsMax: 3 });
  await makeFirstVersion(sql, engine, 0);
  for (let first = -1; first < CHUNKS; first += CHUNKS_AT_ONCE) {
    await sql`
      insert into ticks (symbol, time, seq, price)
      select 'EURUSD', now() - day * interval '1 day', 0, 1
        from generate_series(${first}::int, ${Math.min(CHUNKS, first + CHUNKS_AT_ONCE) - 1}::int) as day`;
  }
}, 180_000);
afterAll(async () => {
  await Promise.all([sql.end({ timeout: 1 }), others.end({ timeout: 1 })]);
  await database.drop();
});

/** What every commit of a late tick writes. */
async function write(transaction: Transaction, symbol: string): Promise<void> {
  await transaction`insert into ticks (symbol, time, seq, price) values (${symbol}, clock_timestamp(), 0, 1)`;
  if (engine === "postgres") return;
  await transaction`
    insert into refresh_queue (symbol, from_time, to_time, reason)
    values (${symbol}, now() - interval '1 hour', now(), 'late')`;
}

/** Migrates while one transaction is in its way, and two writers commit one tick after the other. */
async function migrateBesideWriters(laterMigrations: readonly Migration[]) {
  const lines: string[] = [];
  const tookMs: number[] = [];
  const moments = new EventEmitter();
  const open = others.begin(async (transaction) => {
    const waits = once(moments, "waits");
    await write(transaction, "OPEN");
    moments.emit("open");
    await waits;
    await transaction`select pg_sleep(${OPEN_S}::int)`;
  });
  await once(moments, "open");
  const migrating = { isOver: false };
  const writer = async (symbol: string): Promise<void> => {
    while (!migrating.isOver) {
      const startedMs = performance.now();
      await others.begin((transaction) => write(transaction, symbol));
      tookMs.push(performance.now() - startedMs);
    }
  };
  const writers = ["ONE", "TWO"].map(writer);
  const log = (line: string): void => {
    lines.push(line);
    if (line.includes("waits for a lock")) moments.emit("waits");
  };
  await migrate({ url: database.url, engine: "auto", laterMigrations, log }).finally(() => {
    migrating.isOver = true;
  });
  await Promise.all([open, ...writers]);
  return { lines, writes: tookMs.length, longestMs: Math.max(...tookMs) };
}

async function storedTicks(): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*) as count from ticks where symbol in ('ONE', 'TWO')`;
  return row?.count ?? 0;
}

test.each([
  ["the way from the first version", () => []],
  ["a next version", () => [parseMigration(`${SCHEMA_VERSION + 1}_next.sql`, NEXT[engine])]],
] as const)(
  `%s holds up no writer while a transaction is open for ${OPEN_S} s, with ${CHUNKS} days of ticks`,
  async (_, later) => {
    const before = await storedTicks();
    const { lines, writes, longestMs } = await migrateBesideWriters(later());
    expect(lines).toContainEqual(expect.stringMatching(/waits for a lock; the oldest transaction is of "writer"/));
    expect(await storedTicks()).toBe(before + writes);
    // The lock time-out is a tenth of that; on a busy machine the statement itself takes a while over all chunks.
    expect(longestMs).toBeLessThan((OPEN_S * 1000) / 2);
  },
  120_000,
);

import { DatabaseUnavailableError, openPool, type RefreshWindow, type Sql } from "@fx-ohlc/database";
import { formatTime, type RevisionMessage } from "@fx-ohlc/schemas";
import { createLogger, RedisLink, readEnv } from "@fx-ohlc/service-kit";
import { eventually, faultProxy, type TestDatabase, type TestRedis, testDatabase, testRedis } from "@fx-ohlc/testkit";
import { createApp } from "../src/app.js";
import { readConfig } from "../src/config.js";
import { LostCommits } from "../src/publish/lost-commits.js";
import { finishRefresh } from "../src/publish/refreshed.js";
import { CommitLedger } from "../src/write/commit-ledger.js";
import { streamOf, TEST_DEPLOYMENT, testPublisher } from "./told.js";

const logger = createLogger({ service: "test", level: "error" });
const T0 = 1_400_000_000_000_000;
const LIFE_LOCK = 5_064_223;

let database: TestDatabase;
let server: TestRedis;
let redis: RedisLink;
let sql: Sql;
/** What a test started, to be stopped however it ends. */
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  [database, server] = await Promise.all([testDatabase(), testRedis()]);
  sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 2, statementTimeoutMs: 10_000 });
  redis = new RedisLink({ url: server.url, name: "test", logger });
  redis.open();
  await eventually(() => redis.isReady);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(async () => {
  redis.close();
  await sql.end({ timeout: 2 });
  await Promise.all([server.drop(), database.drop()]);
});

/** What one tick-ingest keeps account with. Without a life lock it is as good as dead to others. */
class Ledgers {
  readonly ledger = new CommitLedger();
  readonly publisher;

  constructor(link = redis, bufferMax = 1000) {
    this.publisher = testPublisher(link, this.ledger, { bufferMax });
    this.ledger.showAlive();
  }

  /** Commits that tick number `minute` of a symbol was corrected. @returns the commit's number */
  commit(symbol: string, minute: number): Promise<number> {
    return this.ledger.transaction(sql, (transaction, own) =>
      this.ledger.record(transaction, own, [rangeOf(symbol, minute)]),
    );
  }

  async tell(symbol: string, minute: number, batch: number): Promise<void> {
    this.publisher.publishRevisions([{ ...rangeOf(symbol, minute), reason: "correction" }], batch);
    await eventually(() => this.publisher.bufferedMessages === 0);
  }

  /** Starts the sweep of this process. */
  sweep(): void {
    const { ledger, publisher } = this;
    const sweeping = new LostCommits({
      url: database.url,
      ledger,
      publisher,
      redis,
      deployment: () => TEST_DEPLOYMENT,
      logger,
    });
    closers.push(() => sweeping.stop());
    sweeping.start();
  }
}

function rangeOf(symbol: string, minute: number) {
  return { symbol, fromUs: T0 + minute * 60_000_000, toUs: T0 + minute * 60_000_000 + 1 };
}

/** The starts of the ranges that were declared lost. */
async function declaredLost(symbol: string): Promise<string[]> {
  const messages = (await streamOf(redis, TEST_DEPLOYMENT.names, symbol)) as RevisionMessage[];
  return messages.filter(({ reason }) => reason === "lost").map(({ from }) => from);
}

async function untilSwept(): Promise<void> {
  const isSwept = async () => (await sql`select 1 from unpublished_commits limit 1`).length === 0;
  await eventually(isSwept, { timeoutMs: 20_000, what: "an empty ledger" });
}

const startOf = (minute: number) => formatTime(T0 + minute * 60_000_000);

test("what a dead process had not told of is declared lost, though it had told of newer commits", async () => {
  const dead = new Ledgers();
  const [late, newer] = [await dead.commit("LATE", 1), await dead.commit("LATE", 500)];
  const told = await dead.commit("TOLD", 2);
  await dead.tell("LATE", 500, newer);
  await dead.tell("TOLD", 2, told);
  expect(late).toBeLessThan(newer);
  new Ledgers().sweep();
  await untilSwept();
  expect(await declaredLost("LATE")).toContain(startOf(1));
  expect(await declaredLost("TOLD")).toEqual([]);
}, 30_000);

test("nothing is declared lost of what was told in another order than it was committed in", async () => {
  const dead = new Ledgers();
  const [first, second] = [await dead.commit("SWAPPED", 1), await dead.commit("SWAPPED", 2)];
  await dead.tell("SWAPPED", 2, second);
  await dead.tell("SWAPPED", 1, first);
  new Ledgers().sweep();
  await untilSwept();
  expect(await declaredLost("SWAPPED")).toEqual([]);
}, 30_000);

test("a commit that failed as far as its process knew, and did not, is declared lost behind newer ones", async () => {
  const process = new Ledgers();
  const { ledger } = process;
  const failed = ledger.transaction(sql, async (transaction, own) => {
    await ledger.record(transaction, own, [rangeOf("DOUBT", 1)]);
    throw new Error("the connection is gone");
  });
  await expect(failed).rejects.toThrow("the connection is gone");
  await sql`insert into unpublished_commits (ingest_id, batch, symbols, from_time, to_time)
            values (${ledger.ingestId}, 1, ${["DOUBT"]}::text[], ${[T0 + 60_000_000]}::timestamptz[], ${[T0 + 60_000_001]}::timestamptz[])`;
  await process.tell("DOUBT", 2, await process.commit("DOUBT", 2));
  process.sweep();
  await untilSwept();
  await eventually(async () => (await declaredLost("DOUBT")).length > 0);
  expect(await declaredLost("DOUBT")).toEqual([startOf(1)]);
}, 30_000);

test("bars that were refreshed and not told of are told of by the successor", async () => {
  const dead = new Ledgers();
  dead.publisher.stop();
  const windows: RefreshWindow[] = [
    { ...rangeOf("BARS", 1), reason: "late" },
    { ...rangeOf("BARS", 500), reason: "correction" },
  ];
  await sql`create table queue (id int)`;
  await sql`insert into queue values (1)`;
  await finishRefresh(dead.ledger, dead.publisher)(sql, windows, (transaction) => transaction`delete from queue`);
  expect(await sql`select * from queue`).toHaveLength(0);
  new Ledgers().sweep();
  await untilSwept();
  expect(await declaredLost("BARS")).toEqual([startOf(1), startOf(500)]);
}, 30_000);

test("the commits that a full buffer gave up are told of once the revision that stands for them is on Redis", async () => {
  const link = redis.duplicate("late");
  const process = new Ledgers(link, 3);
  const { ledger, publisher } = process;
  for (let minute = 1; minute <= 10; minute += 1) {
    const batch = await process.commit("FULL", minute);
    publisher.publishRevisions([{ ...rangeOf("FULL", minute), reason: "correction" }], batch);
  }
  expect(publisher.droppedMessages).toBeGreaterThan(3);
  expect(ledger.toldUpTo("FULL", [])).toBe(0);
  link.open();
  await eventually(() => publisher.bufferedMessages === 0);
  link.close();
  expect(ledger.toldUpTo("FULL", [])).toBe(10);
});

test("a process commits nothing before it holds the lock that says it lives", async () => {
  const direct = await faultProxy(database.url);
  closers.push(() => direct.close());
  direct.freeze();
  const env = { PORT: "0", LOG_LEVEL: "error", DATABASE_URL: database.url, REDIS_URL: server.url };
  const aborter = new AbortController();
  const app = createApp(readEnv({ ...env, DATABASE_DIRECT_URL: direct.url }, readConfig), "test", aborter.signal);
  closers.push(async () => {
    aborter.abort();
    await app.stop();
  });
  const started = app.start();
  await eventually(() => app.port !== 0, { what: "the port" });
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${app.port}${path}`, init);
  const post = () =>
    ask("/ticks", { method: "POST", body: '{"price":1}', headers: { "content-type": "application/json" } });
  expect([(await post()).status, (await ask("/ready")).status]).toEqual([503, 503]);
  expect(() => new CommitLedger().assertAlive()).toThrow(DatabaseUnavailableError);
  await direct.pass();
  await started;
  await eventually(async () => (await ask("/ready")).ok, { timeoutMs: 20_000, what: "the service to be ready" });
  expect((await post()).status).toBe(201);
  const [locks] = await sql<{ held: number }[]>`
    select count(*) as held from pg_locks where locktype = 'advisory' and classid = ${LIFE_LOCK} and granted`;
  expect(locks?.held).toBeGreaterThan(0);
}, 40_000);

import { Database, openPool, type RefreshWindow } from "@fx-ohlc/database";
import { formatTime, type RevisionMessage } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually, type TestDatabase, type TestRedis, testDatabase, testRedis } from "@fx-ohlc/testkit";
import { LostCommits } from "../src/publish/lost-commits.js";
import { finishRefresh } from "../src/publish/refreshed.js";
import { CommitLedger, TELL_WITHIN_MS, type UntoldCommit } from "../src/write/commit-ledger.js";
import { streamOf, TEST_DEPLOYMENT, testPublisher } from "./told.js";

const logger = createLogger({ service: "test", level: "error" });
const T0 = 1_400_000_000_000_000;
const OVERDUE_S = TELL_WITHIN_MS / 1000 + 1;

let own: TestDatabase;
let server: TestRedis;
let redis: RedisLink;
let database: Database;
/** What a test started, to be stopped however it ends. */
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  [own, server] = await Promise.all([testDatabase(), testRedis()]);
  database = new Database({
    url: own.url,
    applicationName: "test",
    connectionsMax: 4,
    statementTimeoutMs: 10_000,
    isWritten: true,
  });
  database.start();
  redis = new RedisLink({ url: server.url, name: "test", logger });
  redis.client.setMaxListeners(100); // Each test's publishers listen to it.
  redis.open();
  await Promise.all([database.untilAvailable(), eventually(() => redis.isReady)]);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await database.sql`delete from untold_commits`;
});
afterAll(async () => {
  redis.close();
  await database.close();
  await Promise.all([server.drop(), own.drop()]);
});

/** What one tick-ingest keeps account with. One that does not sweep may as well be dead. */
class Process {
  readonly ledger = new CommitLedger();
  readonly publisher;

  constructor(readonly link = redis) {
    this.publisher = testPublisher(link, this.ledger);
    closers.push(() => this.publisher.stop());
  }

  /** Commits that something changed in the minute `minute` of some symbols. */
  commit(minute: number, ...symbols: string[]): Promise<UntoldCommit> {
    const ranges = symbols.map((symbol) => rangeOf(symbol, minute));
    return database.sql.begin((transaction) => this.ledger.record(transaction, ranges)) as Promise<UntoldCommit>;
  }

  tell(minute: number, symbol: string, commit: UntoldCommit): void {
    this.publisher.publishRanges("late", [rangeOf(symbol, minute)], commit);
  }

  /** Starts the sweep of this process. */
  sweep(): void {
    const { ledger, publisher, link } = this;
    const sweeping = new LostCommits({ database, ledger, publisher, redis: link, logger });
    closers.push(() => sweeping.stop());
    sweeping.start();
  }
}

function rangeOf(symbol: string, minute: number) {
  return { symbol, fromUs: T0 + minute * 60_000_000, toUs: T0 + minute * 60_000_000 + 1 };
}

const startOf = (minute: number) => formatTime(T0 + minute * 60_000_000);

async function revisionsOf(symbol: string): Promise<RevisionMessage[]> {
  return (await streamOf(redis, TEST_DEPLOYMENT.names, symbol)) as RevisionMessage[];
}

async function rangesOf(symbol: string): Promise<string[][]> {
  return (await revisionsOf(symbol)).map(({ from, to }) => [from, to]);
}

/** The starts of the ranges that were declared lost. */
async function declaredLost(symbol: string): Promise<string[]> {
  return (await revisionsOf(symbol)).filter(({ reason }) => reason === "lost").map(({ from }) => from);
}

/** Lets all rows that are there be as old as they are when nobody has told of them in time. */
async function age(seconds = OVERDUE_S): Promise<void> {
  await database.sql`update untold_commits set written_at = written_at - ${seconds}::float8 * interval '1 second'`;
}

/** The starts of all that is in the ledger. */
async function rows(): Promise<string[]> {
  const starts = await database.sql<{ start: number }[]>`
    select unnest(from_time) as start from untold_commits order by start`;
  return starts.map(({ start }) => formatTime(start));
}

async function untilSwept(): Promise<void> {
  const isEmpty = async () => (await rows()).length === 0;
  await eventually(isEmpty, { what: "an empty ledger" });
}

test("what a process had not told of in time is declared lost, though it had told of newer commits", async () => {
  const dead = new Process();
  await dead.commit(1, "LATE");
  const [newer, told] = [await dead.commit(500, "LATE"), await dead.commit(2, "TOLD")];
  dead.tell(500, "LATE", newer);
  dead.tell(2, "TOLD", told);
  await eventually(() => dead.publisher.bufferedMessages === 0);
  await dead.ledger.deleteTold(database.sql);
  expect(await rows()).toEqual([startOf(1)]);
  await age();
  new Process().sweep();
  await untilSwept();
  expect([await declaredLost("LATE"), await declaredLost("TOLD")]).toEqual([[startOf(1)], []]);
});

test("nothing is declared lost of what was told in another order than it was committed in", async () => {
  const process = new Process();
  const [first, second] = [await process.commit(1, "SWAPPED"), await process.commit(2, "SWAPPED")];
  process.tell(2, "SWAPPED", second);
  process.tell(1, "SWAPPED", first);
  await eventually(() => process.publisher.bufferedMessages === 0);
  process.sweep();
  await untilSwept();
  expect(await declaredLost("SWAPPED")).toEqual([]);
});

test("the rows that were told of are deleted, and what could not be is deleted later", async () => {
  const process = new Process();
  const [first, second] = [await process.commit(1, "A", "B"), await process.commit(2, "A")];
  process.tell(1, "A", first);
  process.tell(2, "A", second);
  await eventually(() => process.publisher.bufferedMessages === 0);
  const options = { applicationName: "test", connectionsMax: 1, statementTimeoutMs: 1000 };
  const closed = openPool({ url: "postgres://127.0.0.1:1/none", ...options });
  await expect(process.ledger.deleteTold(closed)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(await rows()).toEqual([startOf(1), startOf(1), startOf(2)]);
  await process.ledger.deleteTold(database.sql);
  // The first one's second symbol is not told.
  expect(await rows()).toEqual([startOf(1), startOf(1)]);
});

test("a commit that waited for its symbols' locks has its time from then on", async () => {
  const { ledger } = new Process();
  const commit = { number: 1, tellByMs: 15_000, untoldSymbols: 1 };
  expect(ledger.recordedBehindLocks(commit, 200).tellByMs).toBe(15_000);
  // A second less: its row may have been written before this process heard of the locks.
  expect(ledger.recordedBehindLocks(commit, 20_000).tellByMs).toBe(34_000);
});

test("what is young is left alone, whoever wrote it, and so is what somebody else is taking over", async () => {
  const dead = new Process();
  await dead.commit(1, "OLD");
  await dead.commit(2, "HELD");
  await age();
  await dead.commit(3, "YOUNG");
  await database.sql.begin(async (other) => {
    await other`select 1 from untold_commits where symbols = '{HELD}' for update`;
    new Process().sweep();
    await eventually(async () => (await declaredLost("OLD")).length > 0);
    expect([await declaredLost("YOUNG"), await declaredLost("HELD")]).toEqual([[], []]);
  });
  await eventually(async () => (await declaredLost("HELD")).length > 0);
  await eventually(async () => (await rows()).join() === startOf(3), { what: "only what is young to be left" });
});

test("a row that a clock put back has left in the future is declared too", async () => {
  await new Process().commit(1, "FUTURE");
  await age(-OVERDUE_S);
  new Process().sweep();
  await untilSwept();
  expect(await declaredLost("FUTURE")).toEqual([startOf(1)]);
});

test("of a commit of many symbols that was told in part all is declared, and of a part nothing is taken for the whole", async () => {
  const dead = new Process();
  const commit = await dead.commit(1, "PART", "REST");
  dead.tell(1, "PART", commit);
  await eventually(() => dead.publisher.bufferedMessages === 0);
  await dead.ledger.deleteTold(database.sql);
  await age();
  new Process().sweep();
  await untilSwept();
  expect([await declaredLost("PART"), await declaredLost("REST")]).toEqual([[startOf(1)], [startOf(1)]]);
});

test("a backlog is told as one range for each symbol, but for what lies far from the rest", async () => {
  const dead = new Process();
  for (let minute = 0; minute < 40; minute += 1) await dead.commit(minute, "MANY", "OTHER");
  await dead.commit(5000, "MANY");
  await age();
  new Process().sweep();
  await untilSwept();
  expect(await rangesOf("MANY")).toEqual([
    [startOf(0), formatTime(T0 + 39 * 60_000_000 + 1)],
    [startOf(5000), formatTime(T0 + 5000 * 60_000_000 + 1)],
  ]);
  expect(await declaredLost("OTHER")).toEqual([startOf(0)]);
});

test("processes that find a backlog at the same time share it: each row is taken over once", async () => {
  const dead = new Process();
  for (let index = 0; index < 200; index += 1) await dead.commit(index, `S${index}`);
  await age();
  for (let count = 0; count < 3; count += 1) new Process().sweep();
  await untilSwept();
  for (let index = 0; index < 200; index += 1) expect(await declaredLost(`S${index}`)).toEqual([startOf(index)]);
});

test("what a process had taken over and not told of when it died is taken over again", async () => {
  await new Process().commit(1, "TWICE");
  await age();
  const link = new RedisLink({ url: server.url, name: "dead", logger });
  const taker = new Process(link);
  const taken = await database.sql.begin((transaction) => taker.ledger.takeOverdue(transaction));
  expect(taken?.ranges).toEqual([rangeOf("TWICE", 1)]);
  expect(await rows()).toEqual([startOf(1)]);
  await age();
  new Process().sweep();
  await untilSwept();
  expect(await declaredLost("TWICE")).toEqual([startOf(1)]);
});

test("a commit that failed as far as its process knew, and did not, is declared lost behind newer ones", async () => {
  const process = new Process();
  const failed = database.sql.begin(async (transaction) => {
    await process.ledger.record(transaction, [rangeOf("DOUBT", 1)]);
    await transaction`commit`;
    throw new Error("the connection is gone");
  });
  await expect(failed).rejects.toThrow("the connection is gone");
  process.tell(2, "DOUBT", await process.commit(2, "DOUBT"));
  await eventually(() => process.publisher.bufferedMessages === 0);
  await process.ledger.deleteTold(database.sql);
  await age();
  process.sweep();
  await untilSwept();
  expect(await declaredLost("DOUBT")).toEqual([startOf(1)]);
});

test("bars that were refreshed and not told of are told of by another process", async () => {
  const dead = new Process();
  dead.publisher.stop();
  const windows: RefreshWindow[] = [
    { ...rangeOf("BARS", 1), reason: "late" },
    { ...rangeOf("BARS", 500), reason: "correction" },
  ];
  const { sql } = database;
  await sql`create table queue (id int)`;
  await sql`insert into queue values (1)`;
  await finishRefresh(dead.ledger, dead.publisher)(sql, windows, (transaction) => transaction`delete from queue`);
  expect(await sql`select * from queue`).toHaveLength(0);
  await age();
  new Process().sweep();
  await untilSwept();
  expect(await declaredLost("BARS")).toEqual([startOf(1), startOf(500)]);
});

test("nothing is taken over while Redis cannot be reached, and then all of it at once", async () => {
  const link = new RedisLink({ url: server.url, name: "later", logger });
  closers.push(() => link.close());
  const process = new Process(link);
  await process.commit(1, "AWAY");
  await process.commit(2, "AWAY");
  await age();
  const sweep = jest.spyOn(process.publisher, "giveUpOld");
  process.sweep();
  await eventually(() => sweep.mock.calls.length > 1, { what: "the end of a sweep, and another one" });
  expect(await rows()).toEqual([startOf(1), startOf(2)]);
  link.open();
  await untilSwept();
  expect(await rangesOf("AWAY")).toEqual([[startOf(1), formatTime(T0 + 2 * 60_000_000 + 1)]]);
});

describe("of the first version", () => {
  const LIFE_LOCK = 5_064_223;

  async function leaveBehind(ingestId: string, symbol: string): Promise<void> {
    const { fromUs, toUs } = rangeOf(symbol, 1);
    await database.sql`
      insert into unpublished_commits (ingest_id, batch, symbols, from_time, to_time)
      values (${ingestId}, 7, ${[symbol]}, ${[fromUs]}::timestamptz[], ${[toUs]}::timestamptz[])`;
  }

  test("what a dead process left is declared lost, once; a living one's is left alone until it dies", async () => {
    await leaveBehind("dead", "FIRST");
    await leaveBehind("alive", "ALIVE");
    await database.sql.begin(async (alive) => {
      await alive`select pg_advisory_lock(${LIFE_LOCK}::int, hashtext('alive'))`;
      for (let count = 0; count < 2; count += 1) new Process().sweep();
      await eventually(async () => (await declaredLost("FIRST")).length > 0);
      const left = await database.sql`select ingest_id from unpublished_commits`;
      expect(left.map(({ ingest_id }) => ingest_id)).toEqual(["alive"]);
      await alive`select pg_advisory_unlock(${LIFE_LOCK}::int, hashtext('alive'))`;
    });
    await eventually(async () => (await declaredLost("ALIVE")).length > 0);
    await untilSwept();
    expect([await declaredLost("FIRST"), await declaredLost("ALIVE")]).toEqual([[startOf(1)], [startOf(1)]]);
  });

  test("a process finds nothing of this version in its ledger that it could declare", async () => {
    await new Process().commit(1, "THIRD");
    const found = await database.sql`select distinct ingest_id from unpublished_commits`;
    expect([[...found], await rows()]).toEqual([[], [startOf(1)]]);
  });
});

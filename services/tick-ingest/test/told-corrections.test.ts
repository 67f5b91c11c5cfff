import { Database } from "@fx-ohlc/database";
import { formatTime, type RevisionMessage, type StreamMessage } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import type { Outgoing } from "../src/publish/outgoing.js";
import { ToldCorrections } from "../src/publish/told-corrections.js";
import { CommitLedger } from "../src/write/commit-ledger.js";
import { type Ingest, startIngest } from "./ingest.js";
import { streamOf, TEST_DEPLOYMENT, testPublisher } from "./told.js";

const logger = createLogger({ service: "test", level: "error" });
const BASE_US = Date.now() * 1000 - 5_000_000;
const timeOf = (index: number) => formatTime(BASE_US + index);

let ingest: Ingest;
let redis: RedisLink;
beforeAll(async () => {
  ingest = await startIngest();
  redis = new RedisLink({ url: ingest.redis.url, name: "test", logger });
  redis.open();
  await eventually(() => redis.isReady);
});
afterAll(async () => {
  redis.close();
  await ingest.stop();
});

const stream = (symbol: string) => streamOf(redis, ingest.names, symbol);

/** Those of corrections. */
const corrections = async (symbol: string) =>
  (await stream(symbol)).filter((message): message is RevisionMessage => message.type === "revision");

async function post(symbol: string, ...ticks: object[]): Promise<void> {
  const answer = await ingest.post(
    "/ticks/bulk",
    ticks.map((tick) => ({ symbol, ...tick })),
  );
  expect(answer.status).toBe(201);
}

const put = (symbol: string, index: number, seq: number, price: number) =>
  ingest.send("PUT", `/ticks?symbol=${symbol}&time=${timeOf(index)}&seq=${seq}`, { price });

async function untilToldOfAll(): Promise<void> {
  const isEmpty = async () => (await ingest.sql`select 1 from untold_commits where ingest_id <> 'other'`).length === 0;
  await eventually(isEmpty, { what: "everything to be told of" });
}

test("PUT and DELETE are told behind the ticks they change, each with all that its range holds", async () => {
  await post("TOLD", { time: timeOf(1), price: 1 }, { time: timeOf(1), price: 2 }, { time: timeOf(3), price: 3 });
  await put("TOLD", 1, 1, 4);
  await untilToldOfAll();
  await ingest.send("DELETE", `/ticks?symbol=TOLD&start=${timeOf(0)}&end=${timeOf(9)}`);
  await untilToldOfAll();
  const [ticks, first, second, ...rest] = await stream("TOLD");
  expect([ticks?.type, rest]).toEqual(["ticks", []]);
  const about = { type: "revision", symbol: "TOLD", reason: "correction", offset: expect.any(String) };
  expect(first).toEqual({
    ...{ ...about, from: timeOf(1), to: timeOf(2) },
    ticks: [
      { time: timeOf(1), price: 1, seq: 0 },
      { time: timeOf(1), price: 4, seq: 1 },
    ],
  });
  expect(second).toEqual({ ...about, from: timeOf(1), to: timeOf(4), ticks: [] });
});

test("of quotes both sides are told, and of more than a thousand ticks none", async () => {
  await post("QUOTE", { time: timeOf(1), bid: 1.1, ask: 1.2 });
  await ingest.send("PUT", `/ticks?symbol=QUOTE&time=${timeOf(1)}`, { bid: 1.3, ask: 1.4 });
  const ticks = Array.from({ length: 1001 }, (_, index) => ({ time: timeOf(1), price: 1 + index }));
  await post("MUCH", ...ticks);
  await put("MUCH", 1, 5, 9999);
  await untilToldOfAll();
  expect((await corrections("QUOTE"))[0]?.ticks).toEqual([
    { time: timeOf(1), price: 1.35, bid: 1.3, ask: 1.4, seq: 0 },
  ]);
  const [much, ...again] = await corrections("MUCH");
  expect([much, again]).toEqual([expect.objectContaining({ from: timeOf(1), to: timeOf(2) }), []]);
  expect(much).not.toHaveProperty("ticks");
});

test("a correction waits for what another process committed before it in its range and has yet to tell, and for nothing else", async () => {
  for (const symbol of ["WAITS", "GOES"]) await post(symbol, { time: timeOf(1), price: 1 });
  await untilToldOfAll();
  await ingest.sql`
    insert into untold_commits (ingest_id, number, symbols, from_time, to_time)
    values ('other', 1, '{WAITS,GOES}', ${[timeOf(0), timeOf(5)]}::text[]::timestamptz[], ${[timeOf(2), timeOf(6)]}::text[]::timestamptz[])`;
  await put("WAITS", 1, 0, 2);
  await put("GOES", 1, 0, 2);
  await eventually(async () => (await corrections("GOES")).length === 1);
  expect(await corrections("WAITS")).toEqual([]);
  await ingest.sql`delete from untold_commits where ingest_id = 'other'`;
  await eventually(async () => (await corrections("WAITS")).length === 1);
});

describe("between two processes", () => {
  let database: Database;
  beforeAll(async () => {
    const pool = { applicationName: "test", connectionsMax: 2, statementTimeoutMs: 10_000, isWritten: true };
    database = new Database({ url: ingest.database.url, ...pool });
    database.start();
    await database.untilAvailable();
  });
  afterAll(() => database.close());

  const range = (symbol: string) => ({ symbol, fromUs: BASE_US, toUs: BASE_US + 100 });

  /** Tells of a correction of a range; `before` happens between its reading and its telling. */
  async function tell(symbol: string, before: (message: Outgoing) => Promise<boolean>): Promise<CommitLedger> {
    const ledger = new CommitLedger();
    const publisher = testPublisher(redis, ledger);
    const publishCorrection = async (of: string, message: Outgoing) => {
      // The publisher's database is another one.
      if (await before(message))
        publisher.publishCorrection(of, { ...message, incarnation: TEST_DEPLOYMENT.incarnation });
    };
    const told = new ToldCorrections({
      ...{ database, ledger, logger },
      publisher: {
        publishCorrection: (...message) => void publishCorrection(...message),
        canTell: true,
        flush: () => publisher.flush(),
      },
    });
    const untold = await database.sql.begin((transaction) => ledger.record(transaction, [range(symbol)]));
    told.tell([range(symbol)], untold);
    return ledger;
  }

  const ticksTold = async (symbol: string) =>
    (await streamOf(redis, TEST_DEPLOYMENT.names, symbol)).map((message: StreamMessage) =>
      message.ticks?.map(({ price }) => price),
    );

  test("what was committed and told meanwhile is not taken back: a correction is told again as its range is then", async () => {
    let number = 0;
    const ledger = await tell("RACE", async () => {
      number += 1;
      if (number === 1)
        await ingest.sql`insert into ticks (symbol, time, seq, price) values ('RACE', ${timeOf(7)}::text::timestamptz, 0, 7)`;
      return true;
    });
    await eventually(async () => (await ticksTold("RACE")).length === 2);
    expect(await ticksTold("RACE")).toEqual([[], [7]]);
    await eventually(async () => {
      await ledger.deleteTold(database.sql);
      return (await ingest.sql`select 1 from untold_commits where symbols = '{RACE}'`).length === 0;
    });
  });

  test("a range that does not come to rest is told without its ticks", async () => {
    let number = 0;
    await tell("RESTLESS", async () => {
      number += 1;
      await ingest.sql`
        insert into ticks (symbol, time, seq, price) values ('RESTLESS', ${timeOf(7)}::text::timestamptz, ${number}::int, ${number}::int)`;
      return true;
    });
    await eventually(async () => (await ticksTold("RESTLESS")).length === 4);
    expect(await ticksTold("RESTLESS")).toEqual([[], [1], [1, 2], undefined]);
  });

  test("what was not told of stays in the ledger, for another process to declare", async () => {
    let isCalled = false;
    const ledger = await tell("DROPPED", async () => {
      isCalled = true;
      return false;
    });
    await eventually(() => isCalled);
    await ledger.deleteTold(database.sql);
    expect(await ingest.sql`select 1 from untold_commits where symbols = '{DROPPED}'`).toHaveLength(1);
  });
});

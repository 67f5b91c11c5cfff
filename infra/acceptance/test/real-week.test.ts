import type { BarsQuery, FxClient } from "@fx-ohlc/client";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { CHUNK_QUOTES, chunksOf, csvOf, type Series, shuffled, ticksOf } from "../src/chunks.js";
import { BUCKETS, expectedBars } from "../src/expected-bars.js";
import { seededRandom } from "../src/random.js";
import { collect, readBars } from "../src/reads.js";
import { readQuotes, readVendorBars } from "../src/sample-week.js";
import { backlogOf, impatientClient, System } from "../src/system.js";

/** All of the sample, with room on both ends for the first and the last day bar. */
const WEEK = { start: "2014-05-03T00:00:00Z", end: "2014-05-11T00:00:00Z" };
const NEW_YORK_DAY = { interval: "day", timezone: "America/New_York", dayStartHour: 17 } as const;
/** On TimescaleDB all windows of a week are late; the worker takes a thousand of them in a second or two, ms. */
const REFRESHED_WITHIN_MS = 60_000;
/** So that reads of minutes come in several pages. */
const PAGE_SIZE = 2_500;

const BID: Series = { symbol: "EURUSD.BID", side: "bid" };
const ASK: Series = { symbol: "EURUSD.ASK", side: "ask" };

const quotes = readQuotes();

describe("a real week of 248,039 quotes, imported over HTTP", () => {
  let system: System;
  let ingest: TestService;
  let otherIngest: TestService;
  let query: FxClient;

  beforeAll(async () => {
    system = await System.create();
    [ingest, otherIngest] = await Promise.all([system.start("tick-ingest"), system.start("tick-ingest")]);
    query = impatientClient(await system.start("ohlc-query"));
  });

  afterAll(() => system.stop());

  it("gives every tick, the vendor's 6,967 minute bars, and the hours and days of an independent computation", async () => {
    for (const series of [BID, ASK]) {
      for (const chunk of chunksOf(quotes, CHUNK_QUOTES)) {
        const { created } = await impatientClient(ingest).postLines(csvOf(chunk, series), { format: "csv" });
        expect(created).toBe(chunk.length);
      }
    }
    await expectTicks(BID);
    await expectBars(BID);
    await expectBars(ASK);
  });

  it("changes nothing when it is imported a second time", async () => {
    for (const chunk of chunksOf(quotes, CHUNK_QUOTES)) {
      const answer = await impatientClient(otherIngest).postTicks(ticksOf(chunk, BID));
      expect(answer).toMatchObject({ created: 0, duplicates: chunk.length });
    }
    await expectBars(BID);
  });

  it("is the same in shuffled chunks", async () => {
    const series: Series = { symbol: "SHUFFLED", side: "ask" };
    for (const chunk of shuffled(chunksOf(quotes, CHUNK_QUOTES / 2), seededRandom(1))) {
      await impatientClient(ingest).postTicks(ticksOf(chunk, series));
    }
    await expectBars(series);
  });

  it("is the same when four importers send all of it at once, each in an order of its own", async () => {
    const series: Series = { symbol: "FOUR", side: "bid" };
    const importAll = async (importer: number): Promise<number> => {
      const client = impatientClient(importer % 2 === 0 ? ingest : otherIngest);
      let created = 0;
      for (const chunk of shuffled(chunksOf(quotes, CHUNK_QUOTES), seededRandom(importer))) {
        created += (await client.postLines(csvOf(chunk, series), { format: "csv" })).created;
      }
      return created;
    };
    const created = await Promise.all([1, 2, 3, 4].map(importAll));
    expect(created.reduce((sum, count) => sum + count, 0)).toBe(quotes.length);
    await expectBars(series);
  });

  it("is the same when tick-ingest is killed with SIGKILL in the middle and the import is run again", async () => {
    const series: Series = { symbol: "KILLED", side: "ask" };
    const importAll = () => impatientClient(ingest).postLines(csvOf(quotes, series), { format: "csv" });
    const killed = expect(importAll()).rejects.toThrow("cannot be reached");
    await eventually(async () => (await countOf(series)) > quotes.length / 3);
    await ingest.kill9();
    await killed;
    const before = await countOf(series);
    expect(before).toBeLessThan(quotes.length);
    await ingest.start();
    expect(await importAll()).toMatchObject({ created: quotes.length - before, duplicates: before });
    await expectBars(series);
  });

  async function countOf({ symbol }: Series): Promise<number> {
    const [row] = await system.sql<{ n: number }[]>`select count(*)::int as n from ticks where symbol = ${symbol}`;
    return row?.n ?? 0;
  }

  async function expectTicks({ symbol, side }: Series): Promise<void> {
    const ticks = await collect(query.ticks({ symbol, ...WEEK }));
    expect(ticks.map(({ time, price }) => `${time} ${price}`)).toEqual(
      quotes.map((quote) => `${quote.time.replace("Z", "000Z")} ${quote[side]}`),
    );
  }

  async function expectBars({ symbol, side }: Series): Promise<void> {
    const isRefreshed = async () => (await backlogOf(ingest)) === 0;
    await eventually(isRefreshed, { timeoutMs: REFRESHED_WITHIN_MS, what: "the bars of late ticks to be refreshed" });
    const ticks = quotes.map(({ time, [side]: price }) => ({ time, price }));
    const minutes = await barsOf(symbol, { interval: "minute" });
    expect(minutes.map(({ tick_count: _, ...prices }) => prices)).toEqual(readVendorBars(side));
    expect(minutes).toEqual(expectedBars(ticks, BUCKETS.minute));
    expect(await barsOf(symbol, { interval: "hour" })).toEqual(expectedBars(ticks, BUCKETS.hour));
    expect(await barsOf(symbol, { interval: "day" })).toEqual(expectedBars(ticks, BUCKETS.day));
    expect(await barsOf(symbol, NEW_YORK_DAY)).toEqual(expectedBars(ticks, BUCKETS.newYorkDay));
  }

  function barsOf(symbol: string, which: Pick<BarsQuery, "interval" | "timezone" | "dayStartHour">) {
    return readBars(query, { symbol, ...WEEK, pageSize: PAGE_SIZE, ...which });
  }
});

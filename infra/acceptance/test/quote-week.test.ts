import { isDeepStrictEqual } from "node:util";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { CHUNK_QUOTES, chunksOf, shuffled } from "../src/chunks.js";
import { BUCKETS, expectedBars } from "../src/expected-bars.js";
import { expectedQuoteBars, type QuoteBar } from "../src/expected-quote-bars.js";
import { expectedAnswers, givenAnswers, WEEK_READS, wholeQuotes } from "../src/quote-answers.js";
import { seededRandom } from "../src/random.js";
import { type Quote, readQuotes, readVendorBars, SIDES } from "../src/sample-week.js";
import { backlogOf, System } from "../src/system.js";

/** On TimescaleDB all of a week is late, ms. */
const REFRESHED_WITHIN_MS = 60_000;
const IMPORTERS = 4;
/** A service that was killed is back by then. */
const OUTAGE_MAX_MS = 60_000;

const quotes = readQuotes();
const chunks = chunksOf(quotes, CHUNK_QUOTES);

describe("a real week of 248,039 quotes, imported as quotes over HTTP", () => {
  let system: System;
  let ingest: TestService;

  beforeAll(async () => {
    system = await System.create();
    ingest = await system.start("tick-ingest");
  });

  afterAll(() => system.stop());

  it("gives in shuffled chunks the vendor's 6,967 minute bars of both sides, and the hours and days of an independent computation", async () => {
    for (const [index, chunk] of shuffled(chunks, seededRandom(1)).entries()) {
      const lines = ticksOf(chunk, "EURUSD").map((tick) => JSON.stringify(tick));
      const answer =
        index % 2 === 0
          ? await post(csvOf(chunk, "EURUSD"), "text/csv")
          : await post(lines.join("\n"), "application/x-ndjson");
      expect(answer).toMatchObject({ created: chunk.length, duplicates: 0 });
    }
    await expectBars("EURUSD");
  });

  it("is answered by HTTP as all of that, of every side, in every kind of interval and both boundaries", async () => {
    const { url } = await system.start("ohlc-query");
    const whole = wholeQuotes(quotes);
    for (const [query, bucketOf] of WEEK_READS) {
      const expected = expectedAnswers(whole, bucketOf);
      for (const price of ["mid", "bid", "ask"] as const) {
        const [given, wanted] = [await givenAnswers(url, query, price), expected(price)];
        expect(wanted.length).toBeGreaterThan(0);
        if (!isDeepStrictEqual(given, wanted)) expect({ query, price, given }).toEqual({ query, price, given: wanted });
      }
    }
  });

  it("changes nothing when it is sent a second time, in order", async () => {
    for (const chunk of chunks) {
      const answer = await post(JSON.stringify(ticksOf(chunk, "EURUSD")), "application/json");
      expect(answer).toMatchObject({ created: 0, duplicates: chunk.length });
    }
    await expectBars("EURUSD");
  });

  it("gives the same when four importers send it to two services, one of which is killed in the middle, and all of it again", async () => {
    const second = await system.start("tick-ingest");
    const mixed = shuffled(chunks, seededRandom(2));
    let stored = 0;
    let restart = Promise.resolve();
    const send = async (service: TestService, chunk: readonly Quote[]) => {
      const isStored = async () => (await postTo(service, csvOf(chunk, "GBPUSD"), "text/csv")).status === 201;
      await eventually(isStored, { timeoutMs: OUTAGE_MAX_MS, what: "a chunk to be stored" });
      stored += 1;
      if (stored === Math.round(mixed.length / 2)) restart = second.kill9().then(() => second.start());
    };
    const importer = async (number: number) => {
      const own = mixed.filter((_, index) => index % IMPORTERS === number);
      for (const chunk of own) await send(number % 2 === 0 ? ingest : second, chunk);
    };
    await Promise.all(Array.from({ length: IMPORTERS }, (_, number) => importer(number)));
    await restart;
    await expectBars("GBPUSD");
    for (const chunk of chunks) {
      const answer = await postTo(second, csvOf(chunk, "GBPUSD"), "text/csv");
      expect(await answer.json()).toMatchObject({ created: 0, duplicates: chunk.length });
    }
    await expectBars("GBPUSD");
  });

  function csvOf(some: readonly Quote[], symbol: string): string {
    return `time,symbol,bid,ask\n${some.map(({ time, bid, ask }) => `${time},${symbol},${bid},${ask}\n`).join("")}`;
  }

  function ticksOf(some: readonly Quote[], symbol: string) {
    return some.map(({ time, bid, ask }) => ({ time, symbol, bid, ask }));
  }

  async function post(body: string, type: string): Promise<unknown> {
    return (await postTo(ingest, body, type)).json();
  }

  function postTo(service: TestService, body: string, type: string): Promise<Response> {
    return fetch(`${service.url}/ticks/bulk`, { method: "POST", headers: { "Content-Type": type }, body });
  }

  async function expectBars(symbol: string): Promise<void> {
    const isRefreshed = async () => (await backlogOf(ingest)) === 0;
    await eventually(isRefreshed, { timeoutMs: REFRESHED_WITHIN_MS, what: "the bars of late ticks to be refreshed" });
    const minutes = await barsOf(symbol, "minute");
    for (const side of SIDES) {
      const vendors = readVendorBars(side).map(({ bucket, open, high, low, close }) => [
        bucket,
        open,
        high,
        low,
        close,
      ]);
      expect(minutes.map((bar) => [bar.bucket, ...bar[side]])).toEqual(vendors);
    }
    for (const interval of ["minute", "hour", "day"] as const) {
      expect(await barsOf(symbol, interval)).toEqual(expectedQuoteBars(quotes, BUCKETS[interval]));
    }
    expect(await pricesOf(symbol)).toEqual(expectedBars(quotes.map(midOf), BUCKETS.minute));
  }

  /** With six decimals, all of which a quotient of whole numbers has. */
  function midOf({ time, bid, ask }: Quote) {
    return { time, price: (Math.round(bid * 1e5) + Math.round(ask * 1e5)) / 2e5 };
  }

  function barsOf(symbol: string, interval: string): Promise<QuoteBar[]> {
    return system.sql<QuoteBar[]>`
      select to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as bucket,
             array[bid_open, bid_high, bid_low, bid_close] as bid, array[ask_open, ask_high, ask_low, ask_close] as ask,
             spread_min, spread_max, trim_scale(spread_sum)::text as spread_sum, quote_count::int
        from ${system.sql(`quote_${interval}`)}
       where symbol = ${symbol} and bucket >= '2014-05-01Z' and bucket < '2014-06-01Z' order by bucket`.then(rowsOf);
  }

  async function pricesOf(symbol: string) {
    const rows = await system.sql`
      select to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as bucket, open, high, low, close, tick_count::int
        from ohlc_minute
       where symbol = ${symbol} and bucket >= '2014-05-01Z' and bucket < '2014-06-01Z' order by bucket`;
    return rowsOf(rows);
  }

  /** Without what the driver adds to its arrays. */
  function rowsOf<T>(rows: readonly T[]): T[] {
    return [...rows];
  }
});

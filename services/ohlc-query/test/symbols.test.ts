import { isDeepStrictEqual } from "node:util";
import { queueRefresh, REFRESH_LOCK, readEnds, readSettings, type Sql, stillQueued } from "@fx-ohlc/database";
import type { SymbolJson } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { allPages, microsOf, quoteOf, type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

beforeEach(async () => {
  service = await startReadSide(undefined, { MARKET_SESSIONS: "BTC*=always" });
});
afterEach(() => service.stop());

const symbolsAt = async (path: string) => (await service.get<SymbolJson[]>(path)).body;
const HEARD_NOW = expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/);
const NOTHING_SAID = { quotes: false, description: null, quiet_after_s: null };
const FX = { ...NOTHING_SAID, digits: 5, pip: 0.0001, session: "Sun 17:00-Fri 17:00 America/New_York", kind: "fx" };

/** The same, and how many statements were asked of it. */
function counted(sql: Sql): { readonly sql: Sql; readonly count: () => number } {
  let count = 0;
  const proxy = new Proxy(sql, {
    apply: (target, self, args) => {
      count += 1;
      return Reflect.apply(target, self, args);
    },
    get: (target, name, receiver) => {
      if (name === "unsafe") count += 1;
      return Reflect.get(target, name, receiver);
    },
  });
  return { sql: proxy, count: () => count };
}

/** Deletes ticks of long ago, as tick-ingest does, and waits until the bars are without them. */
async function remove(symbol: string, from: string, to: string): Promise<void> {
  const { engine } = await readSettings(service.sql);
  const ids = await service.sql.begin(async (transaction) => {
    await transaction`
      delete from ticks where symbol = ${symbol} and time >= ${microsOf(from)}::timestamptz
                          and time < ${microsOf(to)}::timestamptz`;
    const range = { fromUs: microsOf(from), toUs: microsOf(to) };
    return queueRefresh(transaction, engine, [{ symbol, ...range, reason: "correction" }]);
  });
  await eventually(async () => (await stillQueued(service.sql, ids)).size === 0, { what: "the bars to follow" });
}

describe("GET /symbols", () => {
  test("reads the ends of symbols whose days all differ in some statements, however many there are", async () => {
    const dayOf = (day: number) => new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
    const all = Array.from({ length: 100 }, (_, i) => ({
      symbol: `D${i}`,
      first: `${dayOf(i)}T10:00:00.000000Z`,
      last: `${dayOf(100 + i)}T21:30:00.000000Z`,
    }));
    await service.insert(
      all.flatMap(({ symbol, first, last }) => [first, last].map((time) => ({ symbol, time, price: 1.25 }))),
    );
    // Retention has dropped the first tick of every third.
    await service.sql.begin(async (transaction) => {
      await transaction`set local fx.keep_bars = 'on'`;
      const third = all.filter((_, i) => i % 3 === 0).map(({ symbol }) => symbol);
      await transaction`delete from ticks where symbol = any(${third}) and time < '2024-04-10T00:00:00Z'`;
    });
    const shown = (await symbolsAt("/symbols?prefix=D")).map((row) => [row.symbol, row.first_tick, row.last_tick]);
    expect(shown.sort()).toEqual(all.map(({ symbol, first, last }) => [symbol, first, last]).sort());
    const { engine } = await readSettings(service.sql);
    const { sql, count } = counted(service.sql);
    const ends = await readEnds(
      { sql, engine, nowUs: microsOf(new Date().toISOString()) },
      all.map(({ symbol }) => symbol),
    );
    expect(ends.get("D99")).toEqual({
      firstUs: microsOf(all[99]?.first ?? ""),
      lastUs: microsOf(all[99]?.last ?? ""),
      decimals: 2,
      mayHaveQuotes: false,
    });
    expect(count()).toBeLessThanOrEqual(60);
  });

  test("is empty before there are symbols", async () => {
    expect((await service.get("/symbols")).text).toBe("[]");
  });

  test("names every symbol with the exact time of its first and its last tick", async () => {
    const now = new Date().toISOString();
    await service.insert([
      { symbol: "OLD", time: "1970-01-01T00:00:00Z", price: 1 },
      { symbol: "OLD", time: "2010-05-05T05:05:05.555555Z", price: 1 },
      { symbol: "OLD", time: "2010-05-05T21:59:59.999999Z", price: 1 },
      { symbol: "NEW", time: now, price: 1 },
      { symbol: "NEW", time: now, seq: 1, price: 2 },
    ]);
    const time = now.replace("Z", "000Z");
    expect(await symbolsAt("/symbols/")).toEqual([
      { symbol: "NEW", first_tick: time, last_tick: time, last_heard: HEARD_NOW, ...FX },
      {
        ...{ symbol: "OLD", first_tick: "1970-01-01T00:00:00.000000Z", last_tick: "2010-05-05T21:59:59.999999Z" },
        ...{ last_heard: HEARD_NOW, ...FX },
      },
    ]);
  });

  test("lets the minute stand for a tick that retention has dropped", async () => {
    await service.insert([
      { time: "2010-05-05T05:05:05.5Z", price: 1 },
      { time: "2010-05-07T06:06:06.6Z", price: 1 },
    ]);
    await service.sql.begin(async (transaction) => {
      await transaction`set local fx.keep_bars = 'on'`;
      await transaction`delete from ticks where symbol = 'EURUSD'`;
    });
    expect(await symbolsAt("/symbols")).toMatchObject([
      { symbol: "EURUSD", first_tick: "2010-05-05T05:05:00.000000Z", last_tick: "2010-05-07T06:06:00.000000Z" },
    ]);
  });

  test("tells the same digits of a symbol when retention has dropped all of its ticks", async () => {
    await service.insert([
      { symbol: "BTCUSDT", time: "2010-05-05T05:05:05Z", price: 42_000.123 },
      { symbol: "BTCUSDT", time: "2010-05-05T05:06:05Z", price: 42_000 },
      { symbol: "BTCUSDX", ...quoteOf("2010-05-05T05:05:05Z", 1100.25, 1100.5) },
    ]);
    const digits = async () => (await symbolsAt("/symbols")).map((row) => [row.symbol, row.digits]);
    const before = await digits();
    expect(before).toEqual([
      ["BTCUSDT", 3],
      ["BTCUSDX", 2],
    ]);
    await service.sql.begin(async (transaction) => {
      await transaction`set local fx.keep_bars = 'on'`;
      await transaction`delete from ticks`;
    });
    expect(await digits()).toEqual(before);
  });

  test("knows the ends of what is not in the bars yet", async () => {
    await service.insert([{ time: "2020-01-02T10:00:00Z", price: 1 }]);
    const refreshes = await service.sql.reserve();
    await refreshes`select pg_advisory_lock(${REFRESH_LOCK})`;
    const inserting = service.insert([
      { time: "2015-05-05T05:05:05.5Z", price: 1 },
      { time: "2022-06-06T06:06:06.6Z", price: 1 },
      { symbol: "NEW", time: "2018-01-01T12:00:00.25Z", price: 1 },
    ]);
    const ends = async () => (await symbolsAt("/symbols")).map((row) => [row.symbol, row.first_tick, row.last_tick]);
    const eurusd = ["EURUSD", "2015-05-05T05:05:05.500000Z", "2022-06-06T06:06:06.600000Z"];
    const only = "2018-01-01T12:00:00.250000Z";
    await eventually(async () => isDeepStrictEqual(await ends(), [eurusd, ["NEW", only, only]]));

    const { engine } = await readSettings(service.sql);
    await service.sql.begin(async (transaction) => {
      await transaction`delete from ticks where time <> '2022-06-06T06:06:06.6Z'`;
      const all = { fromUs: microsOf("2015-05-05T05:05:00Z"), toUs: microsOf("2022-06-06T06:07:00Z") };
      const windows = ["EURUSD", "NEW"].map((symbol) => ({ symbol, ...all, reason: "correction" }) as const);
      await queueRefresh(transaction, engine, windows);
    });
    const last = "2022-06-06T06:06:06.600000Z";
    expect(await ends()).toEqual([
      ["EURUSD", last, last],
      ["NEW", null, null],
    ]);
    await refreshes`select pg_advisory_unlock(${REFRESH_LOCK})`;
    refreshes.release();
    await inserting;
  });

  test("says what was said of a symbol, and what its newest prices and the rules say of the others", async () => {
    await service.insert([
      { symbol: "USDJPY", time: "2024-01-02T10:00:00Z", price: 145.2 },
      { symbol: "GBPJPY", time: "2024-01-02T10:00:00Z", price: 180.12345 },
      { symbol: "BTCUSDT", time: "2024-01-02T10:00:00Z", price: 42_000.5 },
      { symbol: "XAUUSD", time: "2024-01-02T10:00:00Z", price: 2043.1 },
    ]);
    await service.sql`
      update symbols set digits = 2, pip = 0.1, session = 'Sun 18:00-Fri 17:00 America/New_York', kind = 'metal',
                         description = 'Gold, "spot"', quiet_after_s = 60
       where symbol = 'XAUUSD'`;
    await service.sql`insert into symbols (symbol) values ('SILENT'), ('BTCSILENT')`;
    const crypto = { pip: null, session: "always", kind: "crypto" };
    const nothing = { first_tick: null, last_tick: null, last_heard: null };
    const rows = await symbolsAt("/symbols");
    expect(rows).toMatchObject([
      { symbol: "BTCSILENT", ...nothing, digits: null, ...crypto },
      { symbol: "BTCUSDT", digits: 1, ...crypto },
      { symbol: "GBPJPY", digits: 5, pip: 0.01, kind: "fx" },
      { symbol: "SILENT", ...nothing, ...FX },
      { symbol: "USDJPY", digits: 3, pip: 0.01, kind: "fx" },
      {
        ...{ symbol: "XAUUSD", digits: 2, pip: 0.1, session: "Sun 18:00-Fri 17:00 America/New_York", kind: "metal" },
        ...{ description: 'Gold, "spot"', quotes: false, quiet_after_s: 60 },
      },
    ]);
    const csv = (await fetch(`${service.url}/symbols?format=csv&prefix=XAU`)).text();
    expect((await csv).split("\n")[1]).toMatch(/,metal,"Gold, ""spot""",60$/);
    const { body } = await service.get("/udf/symbols?symbol=XAUUSD");
    expect(body).toMatchObject({
      description: 'Gold, "spot"',
      type: "commodity",
      pricescale: 100,
      session: "1800-1800:23456",
    });
  });

  test("says that there are quotes as long as there are, among the newest ticks or long before them", async () => {
    const prices = Array.from({ length: 120 }, (_, seq) => ({ time: "2024-02-01T10:00:00Z", seq, price: 1 + seq }));
    await service.insert([quoteOf("2024-01-02T10:00:00Z", 1, 2), quoteOf("2024-01-02T10:00:01Z", 2, 3), ...prices]);
    await service.insert([{ ...quoteOf("2024-01-02T10:00:00Z", 1, 2), symbol: "EURUSDONLY" }]);
    const shown = async () => {
      const { body } = await service.get<{ symbol: string }[]>("/udf/search?query=EURUSD:BID");
      return [(await symbolsAt("/symbols")).map(({ quotes }) => quotes), body.map(({ symbol }) => symbol)];
    };
    expect(await shown()).toEqual([
      [true, true],
      ["EURUSD:BID", "EURUSDONLY:BID"],
    ]);
    await remove("EURUSD", "2024-01-02T10:00:00Z", "2024-01-02T10:00:01Z");
    await remove("EURUSDONLY", "2024-01-02T10:00:00Z", "2024-01-02T10:00:01Z");
    expect(await shown()).toEqual([[true, false], ["EURUSD:BID"]]);
    await remove("EURUSD", "2024-01-02T10:00:01Z", "2024-01-02T10:00:02Z");
    expect(await shown()).toEqual([[false, false], []]);
    expect((await service.get("/udf/symbols?symbol=EURUSD:BID")).status).toBe(404);
  });

  test("is paged: every one of 2,500 symbols comes, once, in order, and half of them by their beginning", async () => {
    await service.sql`insert into symbols (symbol) select chr(65 + n % 2) || '&' || n || '+' from generate_series(1, 2500) n`;
    const expected = Array.from({ length: 2500 }, (_, at) => `${"AB"[(at + 1) % 2]}&${at + 1}+`).sort();
    for (const [path, wanted, pages] of [
      ["/symbols", expected, 3],
      ["/symbols?limit=700", expected, 4],
      ["/symbols?prefix=b%26&limit=1250", expected.slice(1250), 1],
      ["/symbols?prefix=B%261&limit=100", expected.filter((symbol) => symbol.startsWith("B&1")), 6],
    ] as const) {
      const read = await allPages<SymbolJson>(service, path);
      expect([path, read.length]).toEqual([path, pages]);
      expect(read.flat().map(({ symbol }) => symbol)).toEqual(wanted);
    }
  });

  test.each(["XAUUSD#", "S&P500", "EURUSD+", "BINANCE:BTC@PERP"])("finds %s where it is asked for", async (symbol) => {
    await service.insert([{ symbol, time: "2024-01-02T10:00:00Z", price: 1 }]);
    const query = `symbol=${encodeURIComponent(symbol)}`;
    const range = "start=2024-01-02T00:00:00Z&end=2024-01-03T00:00:00Z";
    for (const path of [`/ticks?${query}&${range}`, `/ohlc/minute?${query}&${range}`, `/ohlc/latest?${query}`]) {
      expect([path, (await service.get(path)).body]).toMatchObject([path, [{ symbol }]]);
    }
    expect((await service.get(`/udf/symbols?${query}`)).body).toMatchObject({ name: symbol });
  });

  test.each([
    ["/symbols?limit=0", 422, "limit"],
    ["/symbols?limit=all", 422, "limit"],
    ["/symbols?prefix=*", 422, "prefix"],
    ["/symbols?symbol=EURUSD", 400, "symbol"],
    ["/ticks?symbol=EURUSD:BID&start=2024-01-02T00:00:00Z", 422, "symbol"],
    ["/ohlc/latest?symbol=EURUSD,%20XAU+", 422, "%2B"],
  ])("%s is a %i about %s", async (path, status, what) => {
    const answer = await service.get(path);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(what)]);
  });
});

test("what the first version stored under another spelling is found by that one", async () => {
  await service.stop();
  service = await startReadSide();
  await service.insert([
    { symbol: "EUR_USD", time: "2024-01-02T10:00:00Z", price: 1 },
    { symbol: "EURUSD", time: "2024-01-02T10:00:00Z", price: 2 },
  ]);
  const priceOf = async (symbol: string) =>
    (await service.get<{ close: number }[]>(`/ohlc/latest?symbol=${symbol}`)).body[0]?.close;
  // A service looks at them every few seconds.
  await eventually(async () => (await priceOf("eur_usd")) === 1, { what: "the spelling to be known" });
  expect(await priceOf("EUR%2FUSD")).toBe(2);
  expect((await service.get<{ kept_spellings: string[] }>("/internal/database")).body).toMatchObject({
    kept_spellings: ["EUR_USD"],
  });
});

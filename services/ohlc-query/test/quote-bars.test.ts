import { allPages, type Bar, nextPath, quoteOf, type ReadSide, startReadSide } from "./read-side.js";

type Row = Readonly<Record<string, string | number | boolean | null>>;

let service: ReadSide;

/** Two minutes of quotes, one of a price alone, one of both, and one of an older day. */
const TICKS = [
  quoteOf("2024-03-04T12:00:00Z", 1.4, 1.4001),
  quoteOf("2024-03-05T10:00:00Z", 1.37615, 1.37618),
  quoteOf("2024-03-05T10:00:20Z", 1.3762, 1.37622),
  quoteOf("2024-03-05T10:00:40Z", 1.3761, 1.37611),
  quoteOf("2024-03-05T10:01:00Z", 1.3764, 1.37639),
  { time: "2024-03-05T10:02:00Z", price: 1.5 },
  { time: "2024-03-05T10:05:00Z", price: 1.6 },
  quoteOf("2024-03-05T10:05:01Z", 1.37, 1.371),
];
const RANGE = "start=2024-03-05T10:00:00Z&end=2024-03-05T10:10:00Z";
const minutes = (parameters: string, symbol = "EURUSD") => `/ohlc/minute?symbol=${symbol}&${RANGE}&${parameters}`;
const NO_SIDE = { open: null, high: null, low: null, close: null };
const NOTHING = {
  ...{ bid_open: null, bid_high: null, bid_low: null, bid_close: null },
  ...{ ask_open: null, ask_high: null, ask_low: null, ask_close: null },
  ...{ spread_avg: null, spread_min: null, spread_max: null, quote_count: null },
};

beforeAll(async () => {
  service = await startReadSide();
  await service.insert(TICKS);
  await service.insert(TICKS.map(({ time, price }) => ({ symbol: "PRICES", time, price })));
});
afterAll(() => service.stop());

const rowsOf = async (path: string) => (await service.get<Row[]>(path)).body;

describe("price", () => {
  test("chooses what open, high, low and close are of; a bar without quotes has nulls there", async () => {
    const bar = (minute: number, tick_count: number) => ({
      ...{ bucket: `2024-03-05T10:0${minute}:00Z`, symbol: "EURUSD", tick_count, complete: true },
    });
    const prices = ([open, high, low, close]: readonly number[]) => ({ open, high, low, close });
    expect(await rowsOf(minutes("price=bid"))).toEqual([
      { ...bar(0, 3), ...prices([1.37615, 1.3762, 1.3761, 1.3761]) },
      { ...bar(1, 1), ...prices([1.3764, 1.3764, 1.3764, 1.3764]) },
      { ...bar(2, 1), ...NO_SIDE },
      { ...bar(5, 2), ...prices([1.37, 1.37, 1.37, 1.37]) },
    ]);
    expect(await rowsOf(minutes("price=ask&limit=1"))).toEqual([
      { ...bar(0, 3), ...prices([1.37618, 1.37622, 1.37611, 1.37611]) },
    ]);
    expect(await rowsOf(minutes("price=mid&count=1"))).toEqual([
      { ...bar(5, 2), ...prices([1.6, 1.6, 1.3705, 1.3705]) },
    ]);
    expect((await service.get(minutes("price=mid"))).text).toBe((await service.get(minutes(""))).text);
  });

  test("pages, streams and tags each side for itself", async () => {
    const all = await service.get(minutes("price=bid"));
    expect((await allPages(service, minutes("price=bid&limit=3"))).flat()).toEqual(all.body);
    expect(nextPath(await service.get(minutes("price=bid&limit=3")), service.url)).toContain("price=bid");
    expect((await service.get(minutes("price=bid&limit=all"))).text).toBe(all.text);
    const tags = ["", "price=bid", "price=ask", "include=bid", "include=ask", "price=bid&include=bid"].map(
      async (parameters) => (await service.get(minutes(parameters))).headers.get("etag"),
    );
    expect(new Set(await Promise.all(tags)).size).toBe(tags.length);
    const tag = all.headers.get("etag") ?? "";
    expect((await service.get(minutes("price=bid"), { "If-None-Match": tag })).status).toBe(304);
    expect((await service.get(minutes("price=ask"), { "If-None-Match": tag })).status).toBe(200);
  });

  test("is the price of candles of ccxt", async () => {
    expect((await service.get<unknown>(minutes("price=ask&format=ccxt&count=2"))).body).toEqual([
      [Date.parse("2024-03-05T10:02:00Z"), null, null, null, null, 1],
      [Date.parse("2024-03-05T10:05:00Z"), 1.371, 1.371, 1.371, 1.371, 2],
    ]);
  });
});

describe("include", () => {
  test("adds sides and spread to the bars as they are, in one order whatever was asked", async () => {
    const rows = await rowsOf(minutes("include=bid,ask,spread"));
    const plain = await rowsOf(minutes(""));
    expect(rows[0]).toEqual({
      ...plain[0],
      ...{ bid_open: 1.37615, bid_high: 1.3762, bid_low: 1.3761, bid_close: 1.3761 },
      ...{ ask_open: 1.37618, ask_high: 1.37622, ask_low: 1.37611, ask_close: 1.37611 },
      ...{ spread_avg: 0.00002, spread_min: 0.00001, spread_max: 0.00003, quote_count: 3 },
    });
    // Its ask is below its bid.
    expect(rows[1]).toMatchObject({ spread_avg: -0.00001, spread_min: -0.00001, spread_max: -0.00001, quote_count: 1 });
    expect(rows[2]).toEqual({ ...plain[2], ...NOTHING });
    expect((await service.get(minutes("include=spread,ask,bid,bid"))).text).toBe(JSON.stringify(rows));
    const [header = "", first] = (await textOf(minutes("include=ask,spread&format=csv"))).split("\n");
    expect(header).toBe(
      "bucket,symbol,open,high,low,close,tick_count,complete,ask_open,ask_high,ask_low,ask_close,spread_avg,spread_min,spread_max,quote_count",
    );
    expect(first).toMatch(/,true,1\.37618,1\.37622,1\.37611,1\.37611,0\.00002,0\.00001,0\.00003,3$/);
  });

  test.each(["5m", "1h", "4h", "1d", "1w", "1M"])("folds them into bars of %s", async (interval) => {
    const path = `/ohlc?interval=${interval}&symbol=EURUSD&start=2024-03-05T10:00:00Z&end=2024-04-01T00:00:00Z`;
    const all = `/ohlc?interval=${interval}&symbol=EURUSD&start=2024-01-01T00:00:00Z&include=bid,spread`;
    const rows = await rowsOf(interval === "5m" || interval === "1h" ? `${path}&include=bid,spread` : all);
    const last = rows.at(-1);
    if (interval === "5m") {
      expect(last).toMatchObject({ bid_open: 1.37, spread_avg: 0.001, quote_count: 1 });
      expect(rows[0]).toMatchObject({ bid_open: 1.37615, bid_high: 1.3764, bid_low: 1.3761, bid_close: 1.3764 });
      expect(rows[0]).toMatchObject({ spread_avg: 0.0000125, spread_min: -0.00001, quote_count: 4, tick_count: 5 });
    } else if (interval === "1w" || interval === "1M") {
      expect(last).toMatchObject({ bid_open: 1.4, bid_high: 1.4, bid_low: 1.37, bid_close: 1.37, quote_count: 6 });
      expect(last).toMatchObject({ spread_avg: 0.00115 / 6, spread_max: 0.001 });
    } else {
      expect(last).toMatchObject({ bid_open: 1.37615, bid_high: 1.3764, bid_low: 1.37, bid_close: 1.37 });
      expect(last).toMatchObject({ spread_avg: 0.00021, spread_max: 0.001, quote_count: 5, tick_count: 7 });
    }
  });

  test("is nulls for a symbol without quotes", async () => {
    const plain = await rowsOf(minutes("", "PRICES"));
    expect(await rowsOf(minutes("include=bid,ask,spread", "PRICES"))).toEqual(
      plain.map((row) => ({ ...row, ...NOTHING })),
    );
    expect(await rowsOf(minutes("price=bid", "PRICES"))).toEqual(plain.map((row) => ({ ...row, ...NO_SIDE })));
    expect(await rowsOf(minutes("price=bid&include=spread", "NOBODY"))).toEqual([]);
  });
});

describe("fill", () => {
  test("leaves empty buckets empty, or takes the last close of each side", async () => {
    const filled = "2024-03-05T10:03:00Z";
    const at = async (parameters: string) =>
      (await rowsOf(minutes(parameters))).find(({ bucket }) => bucket === filled);
    expect(await at("price=bid&fill=null")).toMatchObject({ ...NO_SIDE, tick_count: 0, empty: "no_ticks" });
    expect(await at("include=bid,ask,spread&fill=null")).toMatchObject({ ...NO_SIDE, ...NOTHING, tick_count: 0 });
    // The minute before it has a price alone.
    expect(await at("price=bid&fill=previous")).toMatchObject({ open: 1.3764, close: 1.3764, tick_count: 0 });
    expect(await at("include=ask,spread&fill=previous")).toMatchObject({
      ...{ open: 1.5, close: 1.5, ask_open: 1.37639, ask_close: 1.37639 },
      ...{ spread_avg: null, spread_min: null, quote_count: null },
    });
  });

  test("begins with the last quote before the range, however old", async () => {
    const path = "/ohlc/minute?symbol=EURUSD&fill=previous&price=ask&limit=1";
    const first = async (start: string) => (await rowsOf(`${path}&start=${start}`))[0];
    expect(await first("2024-03-05T09:00:00Z")).toMatchObject({ open: 1.4001, tick_count: 0 });
    expect(await first("2024-03-05T10:03:00Z")).toMatchObject({ open: 1.37639, tick_count: 0 });
    expect(await first("2024-11-05T10:03:00Z")).toMatchObject({ open: 1.371, tick_count: 0 });
    expect(await first("2024-01-05T10:03:00Z")).toMatchObject({ open: null, tick_count: 0 });
    // The range begins with a bar of prices alone.
    const after = await rowsOf(`${path.replace("limit=1", "limit=2")}&start=2024-03-05T10:02:00Z`);
    expect(after).toMatchObject([NO_SIDE, { open: 1.37639, close: 1.37639 }]);
  });
});

test("the newest bars have their sides, stored or derived", async () => {
  for (const interval of ["minute", "hour", "1d", "15m", "1w"]) {
    const path = `/ohlc/latest?symbol=PRICES,EURUSD&interval=${interval}`;
    const rows = await rowsOf(`${path}&price=bid&include=ask,spread`);
    expect(rows).toMatchObject([
      { symbol: "PRICES", ...NO_SIDE, ask_close: null, quote_count: null },
      { symbol: "EURUSD", close: 1.37, ask_close: 1.371, spread_max: 0.001 },
    ]);
    const plain = await service.get<Bar[]>(path);
    expect(rows.map(({ bucket, tick_count }) => [bucket, tick_count])).toEqual(
      plain.body.map(({ bucket, tick_count }) => [bucket, tick_count]),
    );
    expect(plain.text).not.toContain("bid");
  }
});

test("ticks of a symbol with quotes tell bid and ask, where there are", async () => {
  const path = `/ticks?symbol=EURUSD&${RANGE}`;
  const rows = await rowsOf(path);
  expect(rows[0]).toEqual({
    ...{ time: "2024-03-05T10:00:00.000000Z", symbol: "EURUSD", price: 1.376165, seq: 0, bid: 1.37615, ask: 1.37618 },
  });
  expect(rows[4]).toEqual({ time: "2024-03-05T10:02:00.000000Z", symbol: "EURUSD", price: 1.5, seq: 0 });
  for (const limit of ["3", "all"]) {
    const csv = (await textOf(`${path}&format=csv&limit=${limit}`)).split("\n");
    expect(csv[0]).toBe("time,symbol,price,seq,bid,ask");
    expect(csv[2]).toBe("2024-03-05T10:00:20.000000Z,EURUSD,1.37621,0,1.3762,1.37622");
  }
  expect((await textOf(`${path}&format=csv`)).split("\n")[5]).toBe("2024-03-05T10:02:00.000000Z,EURUSD,1.5,0,,");
  expect((await allPages(service, `${path}&limit=2`)).flat()).toEqual(rows);
  expect(await textOf(`/ticks?symbol=PRICES&${RANGE}&format=csv&limit=1`)).toBe(
    "time,symbol,price,seq\n2024-03-05T10:00:00.000000Z,PRICES,1.376165,0\n",
  );
});

test.each([
  ["nulls for empty buckets", minutes("fill=null&include=bid,ask,spread")],
  ["the last quote for empty buckets", minutes("fill=previous&price=bid&include=ask")],
  ["the newest bars", "/ohlc/latest?symbol=EURUSD,PRICES&interval=4h&price=ask&include=spread"],
  ["nothing", minutes("price=bid&include=spread", "NOBODY")],
  ["ticks", `/ticks?symbol=EURUSD&${RANGE}`],
])("every format holds the same: %s", async (_name, path) => {
  const json = await textOf(path);
  const rows: Row[] = JSON.parse(json);
  const lines = (await textOf(`${path}&format=ndjson`)).split("\n").filter((line) => line !== "");
  expect(`[${lines.join(",")}]`).toBe(json);
  const [header = "", ...csv] = (await textOf(`${path}&format=csv`)).trimEnd().split("\n");
  const names = header.split(",");
  for (const row of rows) expect(names).toEqual(expect.arrayContaining(Object.keys(row)));
  expect(csv).toEqual(rows.map((row) => names.map((name) => String(row[name] ?? "")).join(",")));
  const columns: Record<string, unknown[]> = JSON.parse(await textOf(`${path}&format=columns`));
  expect(Object.keys(columns)).toEqual(names);
  for (const name of names) expect(columns[name]).toEqual(rows.map((row) => row[name] ?? null));
});

test("a symbol's decimals are those of its sides: a mid may have one more", async () => {
  expect(await rowsOf("/symbols")).toMatchObject([
    { symbol: "EURUSD", quotes: true, digits: 5 },
    { symbol: "PRICES", quotes: false, digits: 6 },
  ]);
});

test.each([
  ["price=last", 422, "price", /^must be one of mid, bid, ask$/],
  ["include=volume", 422, "include", /^must be one or more of bid, ask, spread/],
  ["include=", 422, "include", /^must be one or more of/],
  ["include=bid&format=ccxt", 400, "include", /candles of ccxt/],
])("%s is refused with %i", async (parameters, status, field, message) => {
  for (const path of [minutes(parameters), `/ohlc?interval=5m&symbol=EURUSD&count=1&${parameters}`]) {
    const answer = await service.get<{ errors: { field: string; message: string }[] }>(path);
    expect(answer.status).toBe(status);
    expect(answer.body.errors).toEqual([{ field, message: expect.stringMatching(message) }]);
  }
});

async function textOf(path: string): Promise<string> {
  return (await fetch(service.url + path)).text();
}

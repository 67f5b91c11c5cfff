import { type Interval, takesDayBoundary, UDF_RESOLUTIONS } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { type Answer, type Bar, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

/** On a busy machine. */
let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
  const ticks: TestTick[] = [];
  // New York's market hours over the change of its clocks, and on into June, whose first day is a Saturday.
  for (let ms = Date.UTC(2024, 2, 4); ms < Date.UTC(2024, 2, 15, 21); ms += 37 * 60_000) {
    const inWeekend = ms >= Date.UTC(2024, 2, 8, 22) && ms < Date.UTC(2024, 2, 10, 21);
    const price = Math.round((1.05 + (ms % 977) / 10_000) * 1e5) / 1e5;
    if (!inWeekend) ticks.push({ time: new Date(ms).toISOString(), price });
  }
  ticks.push({ time: "2024-06-03T12:00:00Z", price: 1.08765 }, { time: "2024-06-04T12:00:00Z", price: 1.1 });
  ticks.push({ symbol: "USDJPY", time: "2024-06-04T12:00:00Z", price: 156.123 });
  ticks.push({ symbol: "XEURX", time: "2024-06-04T12:00:00Z", price: 7 });
  await service.insert(ticks);
});
afterAll(() => service.stop());

interface History {
  readonly s: string;
  readonly t?: number[];
  readonly o?: number[];
  readonly h?: number[];
  readonly l?: number[];
  readonly c?: number[];
  readonly v?: number[];
  readonly nextTime?: number;
  readonly errmsg?: string;
}

const seconds = (time: string) => Date.parse(time) / 1000;
const MARKET = "day_start_hour=17&timezone=America/New_York";
const [FROM, TO] = ["2023-12-31T00:00:00Z", "2024-07-01T00:00:00Z"];

function history(parameters: string): Promise<Answer<History>> {
  return service.get<History>(`/udf/history?symbol=EURUSD&${parameters}`);
}

/** The bars of the main API in the words of the protocol. */
async function expected(interval: Interval): Promise<History> {
  const boundary = takesDayBoundary(interval) ? `&${MARKET}` : "";
  const { body } = await service.get<Bar[]>(
    `/ohlc?interval=${interval}&symbol=EURUSD&start=${FROM}&end=${TO}&limit=10000${boundary}`,
  );
  // June begins with a Saturday, and its bar is dated so.
  const time = ({ bucket, date = bucket }: Bar) => seconds(date);
  const column = (pick: (bar: Bar) => number) => body.map(pick);
  return {
    s: "ok",
    t: column(time),
    ...{ o: column(({ open }) => open), h: column(({ high }) => high), l: column(({ low }) => low) },
    ...{ c: column(({ close }) => close), v: column(({ tick_count }) => tick_count) },
  };
}

describe("GET /udf/history", () => {
  test.each([...UDF_RESOLUTIONS])(
    "resolution %s is the main API's %s with the market's own day",
    async (name, interval) => {
      const all = await expected(interval);
      const { body } = await history(`resolution=${name}&from=${seconds(FROM)}&to=${seconds(TO)}`);
      expect(body).toEqual(all);
      const last = (values: number[] = [], count: number, until = values.length) =>
        values.slice(0, until).slice(-count);
      const times = all.t ?? [];
      const middle = Math.floor(times.length / 2);
      const counted = await history(`resolution=${name}&to=${times[middle]}&countback=2`);
      // `to` is not inclusive.
      expect(counted.body.t ?? []).toEqual(last(times, 2, middle));
      const ranged = await history(`resolution=${name}&from=${times[0]}&to=${times[middle]}`);
      expect(ranged.body.t ?? []).toEqual(times.slice(0, middle));
    },
  );

  test("a part and the head of every answer may be asked for", async () => {
    for (const path of [
      "config",
      "symbols?symbol=EURUSD",
      `history?symbol=EURUSD&resolution=1D&to=${seconds(TO)}&countback=9`,
    ]) {
      const url = `${service.url}/udf/${path}`;
      const whole = await fetch(url, { headers: { "accept-encoding": "identity" } });
      const text = await whole.text();
      const tag = whole.headers.get("etag") ?? "";
      const head = await fetch(url, { method: "HEAD", headers: { "accept-encoding": "identity" } });
      expect([head.headers.get("content-length"), head.headers.get("etag")]).toEqual([String(text.length), tag]);
      const part = await fetch(url, { headers: { range: "bytes=2-9", "if-range": tag } });
      expect([part.status, part.headers.get("etag"), await part.text()]).toEqual([206, tag, text.slice(2, 10)]);
      const beyond = await fetch(url, { headers: { range: `bytes=${text.length}-` } });
      expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${text.length}`]);
      expect(await beyond.json()).toMatchObject({ s: "error" });
    }
  });

  test("countback goes before from, and short names are understood", async () => {
    for (const [short, long] of [
      ["D", "1D"],
      ["W", "1W"],
      ["M", "1M"],
    ]) {
      const query = `from=${seconds(TO) - 1}&to=${seconds(TO)}&countback=3`;
      const { body, text } = await history(`resolution=${short}&${query}`);
      expect(body.t?.length).toBeGreaterThan(1);
      expect((await history(`resolution=${long}&${query}`)).text).toBe(text);
    }
  });

  test("daily bars are dated by their trading day, over the weekend of the change of clocks too", async () => {
    const { body } = await history(`resolution=1D&from=${seconds("2024-03-07")}&to=${seconds("2024-03-13")}`);
    expect(body.t?.map((time) => new Date(time * 1000).toISOString())).toEqual([
      "2024-03-07T00:00:00.000Z",
      "2024-03-08T00:00:00.000Z",
      "2024-03-11T00:00:00.000Z",
      "2024-03-12T00:00:00.000Z",
    ]);
  });

  test("a range without data names the closest bar before it, and none where there is none", async () => {
    const gap = `from=${seconds("2024-04-01T00:00:00Z")}&to=${seconds("2024-04-02T00:00:00Z")}`;
    const minutes = await expected("1m");
    const before = (minutes.t ?? []).filter((time) => time < seconds("2024-04-01T00:00:00Z")).at(-1);
    expect((await history(`resolution=1&${gap}`)).body).toEqual({ s: "no_data", nextTime: before });
    expect((await history(`resolution=1D&${gap}`)).body).toEqual({ s: "no_data", nextTime: seconds("2024-03-15") });
    expect((await history("resolution=1&from=-86400&to=0")).body).toEqual({ s: "no_data" });
    expect((await history(`resolution=1&to=${seconds("2024-01-01")}&countback=500`)).body).toEqual({ s: "no_data" });
  });
});

test("the configuration says what there is", async () => {
  const { body } = await service.get<Record<string, unknown>>("/udf/config");
  expect(body).toMatchObject({ supports_search: true, supports_group_request: false, supports_time: true });
  expect(body.supported_resolutions).toEqual([...UDF_RESOLUTIONS.keys()]);
});

test("the time is whole seconds as text", async () => {
  const response = await fetch(`${service.url}/udf/time`);
  expect(response.headers.get("content-type")).toMatch("text/plain");
  const text = await response.text();
  expect(text).toMatch(/^\d+$/);
  expect(Math.abs(Number(text) - Date.now() / 1000)).toBeLessThan(60);
});

test("a symbol has its session, its zone and the decimals of its prices", async () => {
  const { body } = await service.get("/udf/symbols?symbol=eurusd");
  expect(body).toMatchObject({
    ...{ name: "EURUSD", ticker: "EURUSD", type: "forex", pricescale: 100_000, minmov: 1, has_intraday: true },
    ...{ session: "1700-1700:23456", timezone: "America/New_York", exchange: "FX", listed_exchange: "FX" },
  });
  expect((await service.get("/udf/symbols?symbol=USDJPY")).body).toMatchObject({ pricescale: 1000 });
  expect((await service.get("/udf/symbols?symbol=XEURX")).body).toMatchObject({ pricescale: 100_000 });
});

test("search finds symbols by a part of them, the beginning first", async () => {
  const found = async (query: string) => {
    const { body } = await service.get<{ symbol: string }[]>(`/udf/search?${query}`);
    return body.map(({ symbol }) => symbol);
  };
  expect(await found("query=eur&type=&exchange=&limit=30")).toEqual(["EURUSD", "XEURX"]);
  expect(await found("query=EUR&limit=1")).toEqual(["EURUSD"]);
  expect(await found("query=usd/jpy")).toEqual(["USDJPY"]);
  expect(await found("query=FX:USDJPY")).toEqual(["USDJPY"]);
  expect(await found("query=")).toEqual(["EURUSD", "USDJPY", "XEURX"]);
  expect(await found("query=EUR&type=stock")).toEqual([]);
  expect(await found("query=EUR&type=forex&exchange=FX")).toEqual(["EURUSD", "XEURX"]);
});

test.each([
  ["/udf/history?symbol=EURUSD&resolution=7&from=0&to=1", 422, "resolution"],
  ["/udf/history?symbol=EURUSD&resolution=1&from=0", 422, "to"],
  ["/udf/history?symbol=EURUSD&resolution=1&to=1", 422, "from"],
  ["/udf/history?symbol=EURUSD&resolution=1&from=x&to=1", 422, "from"],
  ["/udf/history?symbol=EURUSD&resolution=1&to=1&countback=0", 422, "countback"],
  ["/udf/history?symbol=EURUSD&resolution=1&from=0&to=1&colour=red", 400, "colour"],
  ["/udf/symbols", 422, "symbol"],
  ["/udf/symbols?symbol=NOBODY", 404, "unknown_symbol"],
  ["/udf/search?limit=0", 422, "limit"],
  ["/udf/search?query=%00", 422, "query"],
  ["/udf/config?x=1", 400, "x"],
])("%s is refused in the protocol's words", async (path, status, named) => {
  const answer = await service.get<History>(path);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toMatch("application/json");
  expect(answer.body).toEqual({ s: "error", errmsg: expect.stringContaining(named) });
});

describe("the running day, week and month", () => {
  const symbol = "RUNNING";
  /** Monday evening in New York: the FX day of Tuesday, the first of the month, has begun, and its date has not. */
  const EVENING = "2024-09-30T22:30:00Z";
  const ask = async (parameters: string) =>
    (await service.get<History>(`/udf/history?symbol=${symbol}&${parameters}`)).body;
  beforeAll(async () => {
    await service.insert([
      { symbol, time: "2024-09-30T12:00:00Z", price: 1 },
      { symbol, time: "2024-09-30T22:00:00Z", price: 2 },
      { symbol: "FIRST", time: "2024-09-30T22:00:00Z", price: 3 },
    ]);
  });
  const setClock = async (time: string) => {
    await service.sql.unsafe(`create or replace function fx_clock() returns timestamptz language sql as
      $$ select timestamptz '${time}' $$`);
    const isSet = async () => Math.abs((await service.get<number>("/udf/time")).body - seconds(time)) < 60;
    await eventually(isSet, { what: "the service's clock" });
  };
  afterAll(() =>
    service.sql.unsafe(`create or replace function fx_clock() returns timestamptz language sql as
      $$ select clock_timestamp() $$`),
  );

  test("are there though their date lies ahead of now, once", async () => {
    await setClock(EVENING);
    const now = seconds(EVENING);
    const tuesday = seconds("2024-10-01");
    const monday = seconds("2024-09-30");
    for (const to of [now, tuesday - 1]) {
      expect(await ask(`resolution=1D&to=${to}&countback=2`)).toMatchObject({ t: [monday, tuesday], c: [1, 2] });
      expect(await ask(`resolution=1D&from=${now - 10}&to=${to}`)).toMatchObject({ t: [tuesday], c: [2] });
    }
    for (const to of [tuesday, seconds("2024-09-30T20:59:59Z")]) {
      expect(await ask(`resolution=1D&to=${to}&countback=2`)).toMatchObject({ t: [monday], c: [1] });
    }
    expect(await ask(`resolution=1D&to=${tuesday + 1}&countback=1`)).toMatchObject({ t: [tuesday] });
    expect(await ask(`resolution=1M&to=${now}&countback=1`)).toMatchObject({ t: [tuesday], c: [2] });
    expect((await service.get(`/udf/history?symbol=FIRST&resolution=1D&to=${now}&countback=2`)).body).toMatchObject({
      s: "ok",
      c: [3],
    });
  });

  test("of a week are there on its Sunday evening", async () => {
    await setClock("2024-09-29T22:00:00Z");
    await service.insert([{ symbol: "SUNDAY", time: "2024-09-29T21:30:00Z", price: 5 }]);
    const { body } = await service.get(
      `/udf/history?symbol=SUNDAY&resolution=1W&to=${seconds("2024-09-29T22:00:00Z")}&countback=1`,
    );
    expect(body).toMatchObject({ t: [seconds("2024-09-30")], c: [5] });
  });

  test("are half-open again when their date has come", async () => {
    await setClock("2024-10-01T00:00:10Z");
    const evening = seconds(EVENING);
    expect(await ask(`resolution=1D&to=${evening}&countback=2`)).toMatchObject({ t: [seconds("2024-09-30")] });
  });
});

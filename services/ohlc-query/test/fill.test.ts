import { allPages, type Bar, type ReadSide, startReadSide } from "./read-side.js";

/** On a busy machine. */
let service: ReadSide;
const HOUR_MS = 3_600_000;
const bucket = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

beforeAll(async () => {
  service = await startReadSide(undefined, { MARKET_SESSIONS: "COIN*=always" });
  const friday = [
    { time: "2024-07-05T20:30:00Z", price: 1.1 },
    { time: "2024-07-05T20:58:30Z", price: 1.2 },
    { time: "2024-07-07T21:05:00Z", price: 1.3 },
    { time: "2024-07-09T12:00:00Z", price: 1.4 },
  ];
  await service.insert(["EURUSD", "COINUSD"].flatMap((symbol) => friday.map((tick) => ({ symbol, ...tick }))));
});
afterAll(() => service.stop());

/** Every bucket of a range with its prices, by stepping through it. */
function expected(start: string, end: string, stepMs: number, bars: readonly Bar[], fill: "null" | "previous") {
  const rows: unknown[] = [];
  let close: number | null = null;
  for (let ms = Date.parse(start); ms < Date.parse(end); ms += stepMs) {
    const bar = bars.find((candidate) => candidate.bucket === bucket(ms));
    if (bar !== undefined && fill === "previous") close = bar.close;
    rows.push(
      bar ?? {
        ...{ bucket: bucket(ms), symbol: "EURUSD", open: close, high: close, low: close, close },
        ...{ tick_count: 0, complete: true, empty: expect.stringMatching(/^(no_ticks|market_closed)$/) },
      },
    );
  }
  return rows;
}

describe("fill", () => {
  test.each([
    ["1m", 60_000],
    ["5m", 5 * 60_000],
    ["1h", HOUR_MS],
  ])(
    "answers every %s bucket of a range, with nulls or the last close, and why it is empty",
    async (interval, stepMs) => {
      const [start, end] = ["2024-07-05T20:00:00Z", "2024-07-07T23:00:00Z"];
      const query = `/ohlc?interval=${interval}&symbol=EURUSD&start=${start}&end=${end}&limit=10000`;
      const bars = (await service.get(query)).body;
      for (const fill of ["null", "previous"] as const) {
        const { body } = await service.get(`${query}&fill=${fill}`);
        expect(body).toEqual(expected(start, end, stepMs, bars, fill));
        const closed = body.filter(({ empty }) => empty === "market_closed").map((row) => row.bucket);
        const closedFrom = Date.parse("2024-07-05T21:00:00Z");
        const hours = 48 * HOUR_MS;
        expect(closed).toEqual(Array.from({ length: hours / stepMs }, (_, i) => bucket(closedFrom + i * stepMs)));
      }
      expect((await service.get(`${query}&fill=none`)).body).toEqual(bars);
    },
  );

  test("begins with the close before the range, and with nulls where there is none", async () => {
    const query = "/ohlc/minute?symbol=EURUSD&fill=previous&limit=2";
    const after = await service.get(`${query}&start=2024-07-08T00:00:30Z&end=2024-07-09T00:00:00Z`);
    expect(after.body).toMatchObject([
      { bucket: "2024-07-08T00:01:00Z", open: 1.3, close: 1.3, tick_count: 0, empty: "no_ticks" },
      { bucket: "2024-07-08T00:02:00Z", open: 1.3, close: 1.3, tick_count: 0, empty: "no_ticks" },
    ]);
    const before = await service.get(`${query}&start=2024-07-01T00:00:00Z`);
    expect(before.body).toMatchObject([{ open: null, close: null, empty: "no_ticks" }, { open: null }]);
  });

  test("fills days of the market's own week: Saturday and Sunday are closed", async () => {
    const query = "interval=1d&symbol=EURUSD&start=2024-07-04T00:00:00Z&end=2024-07-10T00:00:00Z&fill=null";
    const { body } = await service.get(`/ohlc?${query}&day_start_hour=17&timezone=America/New_York`);
    expect(body.map(({ date, empty }) => [date, empty])).toEqual([
      ["2024-07-05", undefined],
      ["2024-07-06", "market_closed"],
      ["2024-07-07", "market_closed"],
      ["2024-07-08", undefined],
      ["2024-07-09", undefined],
      ["2024-07-10", "no_ticks"],
    ]);
  });

  test("knows a market that never closes", async () => {
    const query = "symbol=COINUSD&start=2024-07-06T00:00:00Z&end=2024-07-06T00:03:00Z&fill=null";
    const { body } = await service.get(`/ohlc/minute?${query}`);
    expect(body.map(({ empty }) => empty)).toEqual(["no_ticks", "no_ticks", "no_ticks"]);
  });

  test("tells a weekend, a holiday, a feed that was down and a quiet hour apart", async () => {
    const symbol = "GBPUSD";
    await service.insert(
      ["2025-12-24T09:00:00Z", "2025-12-24T12:00:00Z", "2025-12-26T21:30:00Z", "2025-12-28T22:30:00Z"].map((time) => ({
        ...{ symbol, time, price: 1.3 },
      })),
    );
    await service.sql`
      insert into feed_outages (symbol, from_time, to_time) values
        (${symbol}, '2025-12-24 09:59:30+00', '2025-12-24 11:00:00+00'),
        (${symbol}, '2025-12-24 21:30:00+00', '2025-12-24 22:30:00+00'),
        (${symbol}, '2025-12-28 23:10:00+00', null), ('USDJPY', '2025-12-24 13:00:00+00', null)`;
    const reasons = async (interval: string, start: string, end: string) => {
      const query = `interval=${interval}&symbol=${symbol}&start=${start}&end=${end}&fill=null&limit=1000`;
      const { body } = await service.get(`/ohlc?${query}`);
      return body.map(({ bucket: at, empty = "ticks" }) => [at.slice(8, 13), empty]);
    };
    const hours = Object.fromEntries(await reasons("1h", "2025-12-24T09:00:00Z", "2025-12-29T01:00:00Z"));
    const told = ["24T09", "24T10", "24T11", "24T13", "24T21", "24T22", "25T21", "25T22", "27T12", "28T21", "29T00"];
    expect(told.map((hour) => [hour, hours[hour]])).toEqual([
      ...[
        ["24T09", "ticks"],
        ["24T10", "feed_down"],
        ["24T11", "no_ticks"],
        ["24T13", "no_ticks"],
      ],
      // The outage begins before the holiday: within that the market is closed, whatever its feed does.
      ...[
        ["24T21", "feed_down"],
        ["24T22", "market_closed"],
        ["25T21", "market_closed"],
        ["25T22", "no_ticks"],
      ],
      ...[
        ["27T12", "market_closed"],
        ["28T21", "market_closed"],
        ["29T00", "feed_down"],
      ],
    ]);
    const minutes = await reasons("1m", "2025-12-24T09:58:00Z", "2025-12-24T11:01:00Z");
    expect(minutes.map(([, empty]) => empty)).toEqual(["no_ticks", ...Array(61).fill("feed_down"), "no_ticks"]);
    await service.sql`
      insert into symbols (symbol, kind) values (${symbol}, 'metal') on conflict (symbol) do update set kind = 'metal'`;
    expect(await reasons("1h", "2025-12-25T12:00:00Z", "2025-12-25T13:00:00Z")).toEqual([["25T12", "no_ticks"]]);
  });

  test.each(["1m", "3m", "4h", "1d", "1w", "1M"])(
    "in pages forwards and back is the whole, from before the first tick: %s",
    async (interval) => {
      const starts: Readonly<Record<string, string>> = { "1m": "2024-07-05T20:00:00Z", "3m": "2024-07-05T12:00:00Z" };
      const start = starts[interval] ?? "2024-05-01T00:00:00Z";
      const query = `interval=${interval}&symbol=EURUSD&end=2024-07-10T00:00:00Z&fill=previous`;
      const whole = (await service.get(`/ohlc?${query}&start=${start}&limit=10000`)).body;
      const limit = Math.max(1, Math.ceil(whole.length / 3.5));
      const pages = await allPages<Bar>(service, `/ohlc?${query}&start=${start}&limit=${limit}`);
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat()).toEqual(whole);
      for (const count of [1, limit, whole.length]) {
        expect((await service.get(`/ohlc?${query}&count=${count}`)).body).toEqual(whole.slice(-count));
      }
      expect((await service.get(`/ohlc?${query}&start=${start}&count=10000`)).body).toEqual(whole);
    },
  );

  test("costs a page of work where there is nothing for decades", async () => {
    const { body, headers } = await service.get(
      "/ohlc/minute?symbol=EURUSD&start=1970-01-01T00:00:00Z&fill=null&limit=50",
    );
    expect(body.map((row) => row.bucket)).toEqual(Array.from({ length: 50 }, (_, i) => bucket(i * 60_000)));
    expect(headers.get("link")).toContain("start=1970-01-01T00%3A50%3A00Z");
    const nobody = await service.get("/ohlc/minute?symbol=NOBODY&start=1970-01-06T00:00:00Z&fill=previous&limit=3");
    expect(nobody.body).toMatchObject([{ open: null, empty: "no_ticks" }, { open: null }, { open: null }]);
  });

  test("ends with the bucket that runs now, whatever end says, and keeps bars of clocks that are ahead", async () => {
    await service.insert([
      { symbol: "AHEAD", time: fromNow(-5 * 60_000), price: 1 },
      { symbol: "AHEAD", time: fromNow(4 * 60_000), price: 2 },
    ]);
    const query = `symbol=AHEAD&end=2100-01-01T00:00:00Z&fill=previous`;
    const { body } = await service.get(`/ohlc/minute?${query}&start=${fromNow(-10 * 60_000)}`);
    const last = body.at(-1);
    const filled = body.slice(0, -1);
    expect(last).toMatchObject({ open: 2, tick_count: 1, complete: false });
    expect(filled.at(-1)).toMatchObject({ close: 1, empty: expect.any(String), complete: false });
    expect(Date.parse(filled.at(-1)?.bucket ?? "")).toBeLessThanOrEqual(Date.now());
    const pages = await allPages<Bar>(service, `/ohlc/minute?${query}&start=${filled[0]?.bucket}&limit=4`);
    const paged = pages.flat();
    expect(new Set(paged.map((row) => row.bucket)).size).toBe(paged.length);
    expect(paged.at(-1)).toEqual(last);
    expect((await service.get(`/ohlc/minute?${query}&count=1`)).body).toEqual([last]);
  });

  test("refuses another word", async () => {
    const answer = await service.get("/ohlc/minute?symbol=EURUSD&count=1&fill=zero");
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('"field":"fill"')]);
  });
});

import fc from "fast-check";
import { allPages, type Bar, type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide(undefined, { TRUSTED_PROXIES: "127.0.0.1" });
});
afterAll(() => service.stop());

const OPEN_RANGE = "start=1970-01-01T00:00:00Z&end=2200-01-01T00:00:00Z";

describe("GET /ohlc/minute, /ohlc/hour, /ohlc/day", () => {
  test("hold a tick as soon as it is committed", async () => {
    const now = new Date();
    const symbol = "ZEROLAG";
    for (const [i, price] of [1.5, 1.7, 1.6].entries()) {
      await service.insert([{ symbol, time: now.toISOString(), seq: i, price }]);
      for (const interval of ["minute", "hour", "day"]) {
        const { body } = await service.get(`/ohlc/${interval}?symbol=${symbol}&${OPEN_RANGE}`);
        expect(body).toHaveLength(1);
        expect(body[0]).toMatchObject({ symbol, open: 1.5, close: price, tick_count: i + 1 });
      }
    }
  });

  test("give open, high, low, close and count in the order of (time, seq), ascending by bucket", async () => {
    const symbol = "ORDER";
    await service.insert([
      { symbol, time: "2024-03-05T10:00:59.999999Z", price: 9 },
      { symbol, time: "2024-03-05T10:00:30Z", seq: 1, price: 2 },
      { symbol, time: "2024-03-05T10:00:30Z", seq: 0, price: 5 },
      { symbol, time: "2024-03-05T10:01:00Z", price: 4 },
      { symbol, time: "2024-03-05T11:00:00Z", price: 3 },
    ]);
    const { body: minutes } = await service.get(`/ohlc/minute?symbol=${symbol}&${OPEN_RANGE}`);
    expect(minutes).toEqual([
      { bucket: "2024-03-05T10:00:00Z", symbol, open: 5, high: 9, low: 2, close: 9, tick_count: 3, complete: true },
      { bucket: "2024-03-05T10:01:00Z", symbol, open: 4, high: 4, low: 4, close: 4, tick_count: 1, complete: true },
      { bucket: "2024-03-05T11:00:00Z", symbol, open: 3, high: 3, low: 3, close: 3, tick_count: 1, complete: true },
    ]);
    const { body: hours } = await service.get(`/ohlc/hour?symbol=${symbol}&${OPEN_RANGE}`);
    expect(hours.map(({ open, close, tick_count }) => [open, close, tick_count])).toEqual([
      [5, 4, 4],
      [3, 3, 1],
    ]);
    const { body: days } = await service.get(`/ohlc/day?symbol=${symbol}&${OPEN_RANGE}`);
    expect(days).toEqual([
      {
        bucket: "2024-03-04T22:00:00Z",
        symbol,
        open: 5,
        high: 9,
        low: 2,
        close: 3,
        tick_count: 5,
        complete: true,
        date: "2024-03-05",
      },
    ]);
  });

  test("take start and end as half-open on the bucket, so 17:00 to 18:00 by minute is 60 bars", async () => {
    const symbol = "HALFOPEN";
    const time = (minute: number) => new Date(Date.UTC(2024, 2, 5, 16, 59) + minute * 60_000).toISOString();
    await service.insert(Array.from({ length: 63 }, (_, minute) => ({ symbol, time: time(minute), price: 1 })));
    const range = (start: string, end: string) =>
      service.get(`/ohlc/minute?symbol=${symbol}&start=${start}&end=${end}`);
    const { body } = await range("2024-03-05T17:00:00Z", "2024-03-05T18:00:00Z");
    expect(body).toHaveLength(60);
    expect([body[0]?.bucket, body[59]?.bucket]).toEqual(["2024-03-05T17:00:00Z", "2024-03-05T17:59:00Z"]);
    // A minute that has begun before start does not belong to the range; an offset is an offset.
    expect((await range("2024-03-05T17:00:00.000001Z", "2024-03-05T18:00:00Z")).body).toHaveLength(59);
    expect((await range("2024-03-05T19:00:00%2B02:00", "2024-03-05T13:00:00-05:00")).body).toHaveLength(60);
  });

  test("call a bar complete when its end has passed, and not before", async () => {
    const symbol = "RUNNING";
    const now = Date.now();
    const time = (ms: number) => new Date(ms).toISOString();
    await service.insert([
      { symbol, time: time(now - 26 * 3_600_000), price: 1 },
      { symbol, time: time(now), price: 2 },
      { symbol, time: time(now + 120_000), price: 3 },
    ]);
    for (const interval of ["minute", "hour", "day"]) {
      const { body } = await service.get(`/ohlc/${interval}?symbol=${symbol}&${OPEN_RANGE}`);
      const running = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[interval] ?? 0;
      for (const bar of body) expect(bar.complete).toBe(Date.parse(bar.bucket) + running <= now);
      expect(body.some((bar) => bar.complete)).toBe(true);
    }
  });

  test("with complete=true leave out what is still running, however they are asked for", async () => {
    const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
    const hour = 3_600_000;
    await service.insert([3 * hour, hour, 0].map((ms, at) => ({ symbol: "WHOLE", time: ago(ms), price: at + 1 })));
    const start = `start=${ago(5 * hour)}`;
    for (const range of [start, `${start}&limit=all`, "count=10", `${start}&fill=null`]) {
      const query = `/ohlc?symbol=WHOLE&interval=1h&${range}`;
      const [all, whole] = [await service.get(query), await service.get(`${query}&complete=true`)];
      expect(all.body.at(-1)).toMatchObject({ complete: false });
      expect(whole.body).toEqual(all.body.filter(({ complete }) => complete));
      expect((await service.get(`${query}&complete=false`)).text).toBe(all.text);
    }
    expect((await service.get(`/ohlc?symbol=WHOLE&interval=1h&${start}&complete=yes`)).status).toBe(422);
  });

  test("answer an unknown symbol, and a start after or at the end, with an empty array", async () => {
    for (const interval of ["minute", "hour", "day", "custom-day"]) {
      expect((await service.get(`/ohlc/${interval}?symbol=NOBODY&${OPEN_RANGE}`)).body).toEqual([]);
      const backwards = `/ohlc/${interval}?symbol=ORDER&start=2024-03-06T00:00:00Z&end=2024-03-05T00:00:00Z`;
      expect((await service.get(backwards)).text).toBe("[]");
      const empty = `/ohlc/${interval}?symbol=ORDER&start=2024-03-05T10:00:00Z&end=2024-03-05T10:00:00Z`;
      expect((await service.get(empty)).body).toEqual([]);
    }
  });

  test("read the symbol in every accepted spelling, and the path with a trailing slash", async () => {
    const { text } = await service.get(`/ohlc/minute?symbol=ORDER&${OPEN_RANGE}`);
    for (const symbol of ["order", "or/der", "OR%2Fder"]) {
      expect((await service.get(`/ohlc/minute/?symbol=${symbol}&${OPEN_RANGE}`)).text).toBe(text);
    }
  });

  test("end now when no end is given, and survive times no calendar of a database reaches", async () => {
    const { body } = await service.get("/ohlc/minute?symbol=ORDER&start=0001-01-01T00:00:00Z");
    expect(body).toHaveLength(3);
    const far = await service.get(
      "/ohlc/minute?symbol=ORDER&start=0001-01-01T00:00:00Z&end=9999-12-31T23:59:59.999999Z",
    );
    expect(far.body).toHaveLength(3);
    expect((await service.get("/ohlc/day?symbol=ORDER&start=9999-12-31T23:59:59Z")).body).toEqual([]);
  });

  test("hand out pages by limit whose links lead through all bars, each once", async () => {
    const whole = (await service.get(`/ohlc/minute?symbol=HALFOPEN&${OPEN_RANGE}`)).body;
    const pages = await allPages<Bar>(service, `/ohlc/minute?symbol=HALFOPEN&${OPEN_RANGE}&limit=20`);
    expect(pages.map((page) => page.length)).toEqual([20, 20, 20, 3]);
    expect(pages.flat()).toEqual(whole);
    const exact = await allPages<Bar>(service, `/ohlc/minute?symbol=HALFOPEN&${OPEN_RANGE}&limit=63`);
    expect(exact.map((page) => page.length)).toEqual([63]);
  });

  test("link through whatever address and scheme the client used", async () => {
    const path = `/ohlc/minute/?symbol=HALFOPEN&${OPEN_RANGE}&limit=1`;
    const link = async (headers: Record<string, string>) => (await service.get(path, headers)).headers.get("link");
    expect(await link({ "X-Forwarded-Proto": "https" })).toMatch(
      /^<https:\/\/127\.0\.0\.1:\d+\/ohlc\/minute\/\?symbol=/,
    );
    const proxy = { "X-Forwarded-Host": "fx.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/fx" };
    expect(await link(proxy)).toMatch(/^<https:\/\/fx\.example\/fx\/ohlc\/minute\/\?symbol=/);
  });

  test("print every price exactly as JavaScript prints the double", async () => {
    const symbol = "DIGITS";
    const finite = fc.double({ min: 5e-324, max: 1.7976931348623157e308, noNaN: true });
    const edges = [
      1e-7,
      1.5e-5,
      0.0001,
      0.00011,
      1e15,
      123456789012345.6,
      1e20,
      1e21,
      1.7976931348623157e308,
      5e-324,
      0.1 + 0.2,
    ];
    const prices = [
      ...edges,
      ...fc.sample(finite, 300),
      ...fc.sample(fc.float({ min: 0.5, max: 200, noNaN: true }), 300),
    ];
    const time = (i: number) => new Date(Date.UTC(2024, 2, 5) + i * 60_000).toISOString();
    await service.insert(prices.map((price, i) => ({ symbol, time: time(i), price })));
    const { text } = await service.get(`/ohlc/minute?symbol=${symbol}&${OPEN_RANGE}`);
    const printed = [...text.matchAll(/"open":([^,]+),"high":([^,]+),"low":([^,]+),"close":([^,]+),/g)];
    expect(printed.map(([, ...values]) => values)).toEqual(prices.map((price) => Array(4).fill(String(price))));
  });
});

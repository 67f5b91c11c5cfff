import { type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();
const DAY_MS = 86_400_000;

describe("GET /ohlc/latest", () => {
  test("gives the newest bar of each symbol, in the order asked, and leaves out who has none", async () => {
    await service.insert([
      { symbol: "AAA", time: "2024-03-05T10:00:10Z", price: 1 },
      { symbol: "AAA", time: "2024-03-05T10:02:10Z", price: 2 },
      { symbol: "BBB", time: fromNow(0), price: 3 },
    ]);
    const { body } = await service.get("/ohlc/latest?symbol=bbb,NOBODY,aaa,BBB");
    expect(body).toMatchObject([
      { symbol: "BBB", open: 3, tick_count: 1 },
      { symbol: "AAA", bucket: "2024-03-05T10:02:00Z", open: 2, complete: true },
    ]);
  });

  test("reads every spelling of the stored intervals, and names the day", async () => {
    for (const [long, short] of [
      ["minute", "1m"],
      ["hour", "1h"],
      ["day", "1d"],
    ]) {
      const { text } = await service.get(`/ohlc/latest?symbol=AAA&interval=${long}`);
      expect((await service.get(`/ohlc/latest?symbol=AAA&interval=${short}`)).text).toBe(text);
    }
    const { body } = await service.get("/ohlc/latest?symbol=AAA&interval=day");
    expect(body).toMatchObject([
      { bucket: "2024-03-04T22:00:00Z", open: 1, close: 2, tick_count: 2, date: "2024-03-05" },
    ]);
  });

  test("never gives a bar that starts after now, however old the one before it is", async () => {
    await service.insert([
      { symbol: "SKEWED", time: "2023-01-05T10:00:00Z", price: 1 },
      { symbol: "SKEWED", time: fromNow(2 * DAY_MS), price: 2 },
      { symbol: "ONLYSOON", time: fromNow(2 * DAY_MS), price: 3 },
      { symbol: "LAG", time: fromNow(-20 * 60_000), price: 4 },
      { symbol: "LAG", time: fromNow(240_000), price: 5 },
    ]);
    for (const interval of ["minute", "hour", "day", "5m", "12h"]) {
      const { body } = await service.get(`/ohlc/latest?symbol=SKEWED,ONLYSOON&interval=${interval}`);
      expect(body).toMatchObject([{ symbol: "SKEWED", close: 1 }]);
    }
    expect((await service.get("/ohlc/latest?symbol=LAG&interval=minute")).body).toMatchObject([{ close: 4 }]);
  });

  test("counts the ticks of a bucket that has begun, also those ahead of the clock", async () => {
    const dayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const middayMs = dayMs + DAY_MS / 2;
    await service.sql.unsafe(`create or replace function fx_clock() returns timestamptz language sql as
      $$ select timestamptz '${new Date(middayMs).toISOString()}' $$`);
    await service.insert([
      { symbol: "AHEAD", time: new Date(middayMs + 120_000).toISOString(), price: 1 },
      { symbol: "AHEADAGAIN", time: new Date(middayMs - 20 * 60_000).toISOString(), price: 2 },
      { symbol: "AHEADAGAIN", time: new Date(middayMs + 120_000).toISOString(), price: 3 },
      { symbol: "AHEADAGAIN", time: new Date(middayMs + 16 * 60_000).toISOString(), price: 4 },
    ]);
    for (const interval of ["5m", "15m", "4h"]) {
      const { body } = await service.get(`/ohlc/latest?symbol=AHEAD,AHEADAGAIN&interval=${interval}`);
      const newest = interval === "4h" ? 4 : 3;
      expect(body).toMatchObject([
        { symbol: "AHEAD", close: 1, complete: false },
        { symbol: "AHEADAGAIN", close: newest, complete: false },
      ]);
    }
    await service.sql.unsafe(`create or replace function fx_clock() returns timestamptz language sql as
      $$ select clock_timestamp() $$`);
  });

  test("says while a bar runs that it is not complete", async () => {
    await service.insert([{ symbol: "NOW", time: fromNow(0), price: 1 }]);
    expect((await service.get("/ohlc/latest?symbol=NOW&interval=day")).body).toMatchObject([{ complete: false }]);
  });

  test("refuses more symbols than one answer is for", async () => {
    const symbols = Array.from({ length: 101 }, (_, i) => `S${i}`).join(",");
    expect((await service.get(`/ohlc/latest?symbol=${symbols}`)).status).toBe(422);
  });
});

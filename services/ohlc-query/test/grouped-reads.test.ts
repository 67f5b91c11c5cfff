import { type Bar, type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

describe("reads that arrive together", () => {
  test("each get their own answer: that of their symbol, range, limit and interval", async () => {
    const start = Date.UTC(2024, 2, 5);
    const ticks = ["ONE", "TWO", "THREE"].flatMap((symbol, s) =>
      Array.from({ length: 500 }, (_, i) => ({
        symbol,
        time: new Date(start + i * 41_000 + s * 1000).toISOString(),
        price: 1 + s + i / 1000,
      })),
    );
    await service.insert(ticks);
    const iso = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
    const paths = Array.from({ length: 200 }, (_, i) => {
      const symbol = ["ONE", "TWO", "THREE", "NOBODY"][i % 4];
      const interval = ["minute", "minute", "hour", "day"][i % 7 > 3 ? 0 : i % 7];
      return `/ohlc/${interval}?symbol=${symbol}&start=${iso(i - 20)}&end=${iso(i + 40 + (i % 90))}&limit=${1 + (i % 70)}`;
    });
    const alone: { text: string; link: string | null }[] = [];
    for (const path of paths) {
      const { text, headers } = await service.get(path);
      alone.push({ text, link: headers.get("link") });
    }
    const together = await Promise.all(paths.map((path) => service.get(path)));
    expect(together.map(({ text, headers }) => ({ text, link: headers.get("link") }))).toEqual(alone);
    expect(alone.filter(({ link }) => link !== null).length).toBeGreaterThan(20);
  });

  test("see every tick that was committed before they were asked, however many are under way", async () => {
    const symbol = "ZEROLAG";
    const time = new Date();
    const path = `/ohlc/minute?symbol=${symbol}&start=1970-01-01T00:00:00Z&end=2200-01-01T00:00:00Z`;
    const recent = `/ohlc/minute?symbol=${symbol}&start=${new Date(time.getTime() - 3_600_000).toISOString()}&end=${new Date(time.getTime() + 3_600_000).toISOString()}`;
    let done = false;
    const readers = Array.from({ length: 16 }, async () => {
      while (!done) await service.get(recent);
    });
    try {
      for (let seq = 0; seq < 60; seq += 1) {
        await service.insert([{ symbol, time: time.toISOString(), seq, price: 1 + seq }]);
        for (const { body } of await Promise.all([service.get<Bar[]>(recent), service.get<Bar[]>(path)])) {
          expect(body).toMatchObject([{ close: 1 + seq, tick_count: seq + 1 }]);
        }
      }
    } finally {
      done = true;
      await Promise.all(readers);
    }
  });
});

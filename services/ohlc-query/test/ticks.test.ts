import { allPages, type ReadSide, startReadSide } from "./read-side.js";

interface Tick {
  readonly time: string;
  readonly symbol: string;
  readonly price: number;
  readonly seq: number;
}

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

describe("GET /ticks", () => {
  test("gives ticks with microseconds and seq, ascending, half-open on time", async () => {
    await service.insert([
      { time: "2024-03-05T10:00:00.000001Z", price: 1.1 },
      { time: "2024-03-05T10:00:00.123456Z", seq: 1, price: 1.3 },
      { time: "2024-03-05T10:00:00.123456Z", seq: 0, price: 1.2 },
      { time: "2024-03-05T10:00:01Z", price: 1.4 },
    ]);
    const { text } = await service.get(
      "/ticks?symbol=eur/usd&start=2024-03-05T10:00:00.000001Z&end=2024-03-05T10:00:01Z",
    );
    expect(text).toBe(
      '[{"time":"2024-03-05T10:00:00.000001Z","symbol":"EURUSD","price":1.1,"seq":0},' +
        '{"time":"2024-03-05T10:00:00.123456Z","symbol":"EURUSD","price":1.2,"seq":0},' +
        '{"time":"2024-03-05T10:00:00.123456Z","symbol":"EURUSD","price":1.3,"seq":1}]',
    );
  });

  test("keeps every microsecond of every instant", async () => {
    const times = Array.from({ length: 1000 }, (_, i) => {
      const us = BigInt(Date.UTC(2024, 2, 6)) * 1000n + (BigInt(i) * 86_399_777_777n) / 1000n;
      const fraction = String(us % 1_000_000n).padStart(6, "0");
      return `${new Date(Number(us / 1000n)).toISOString().slice(0, 19)}.${fraction}Z`;
    });
    await service.insert(times.map((time) => ({ symbol: "MICROS", time, price: 1 })));
    const { body } = await service.get<Tick[]>("/ticks?symbol=MICROS&start=2024-03-06T00:00:00Z&limit=10000");
    expect(body.map(({ time }) => time)).toEqual(times);
  });

  test.each([1, 2, 3, 7, 100])("pages of %i lead through ticks that share a stamp, each once", async (limit) => {
    const symbol = `PAGE${limit}`;
    const stamps = ["2024-03-05T10:00:00Z", "2024-03-05T10:00:00.000001Z", "2024-03-05T10:00:02Z"];
    await service.insert(
      stamps.flatMap((time) => Array.from({ length: 5 }, (_, seq) => ({ symbol, time, seq, price: seq + 1 }))),
    );
    const path = `/ticks?symbol=${symbol}&start=2024-03-05T10:00:00Z&end=2024-03-05T11:00:00Z`;
    const whole = (await service.get<Tick[]>(path)).body;
    expect(whole).toHaveLength(15);
    const pages = await allPages<Tick>(service, `${path}&limit=${limit}`);
    expect(pages.flat()).toEqual(whole);
    expect(pages).toHaveLength(Math.ceil(15 / limit));
  });

  test("gives at most 10,000 of them and 1,000 unless asked, and says where the next are", async () => {
    const time = (i: number) => new Date(Date.UTC(2024, 2, 7) + i * 1000).toISOString();
    await service.insert(Array.from({ length: 10_001 }, (_, i) => ({ symbol: "MANY", time: time(i), price: 1 })));
    const path = "/ticks?symbol=MANY&start=2024-03-07T00:00:00Z&end=2024-03-08T00:00:00Z";
    expect((await service.get<Tick[]>(path)).body).toHaveLength(1000);
    const pages = await allPages<Tick>(service, `${path}&limit=10000`);
    expect(pages.map((page) => page.length)).toEqual([10_000, 1]);
  });

  test("gives an empty array for an unknown symbol and for a start after the end", async () => {
    expect((await service.get("/ticks?symbol=NOBODY&start=2024-03-05T10:00:00Z")).text).toBe("[]");
    expect((await service.get("/ticks?symbol=EURUSD&start=2024-03-05T10:00:00Z&end=2024-03-05T09:00:00Z")).text).toBe(
      "[]",
    );
  });
});

import { quoteOf, type ReadSide, startReadSide } from "./read-side.js";

interface Key {
  readonly time: string;
  readonly seq: number;
}

interface AnchorBar {
  readonly symbol: string;
  readonly bucket: string;
  readonly open: number;
  readonly close: number;
  readonly tick_count: number;
  readonly seq?: number;
  readonly open_key: Key;
  readonly close_key: Key;
  readonly quotes?: object | null;
}

interface LevelAnchor {
  readonly snapshot: string;
  readonly day_boundary: object;
  readonly bars: readonly AnchorBar[];
  readonly of_ticks?: readonly {
    readonly symbol: string;
    readonly count: number;
    readonly last?: Key;
    readonly bar?: AnchorBar;
    readonly ticks: readonly object[];
  }[];
}

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

const key = (time: string, seq = 0): Key => ({ time, seq });
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const anchor = async (query: string) => (await service.get<LevelAnchor>(`/internal/anchor?${query}`)).body;

describe("GET /internal/anchor with an interval", () => {
  test("gives the newest bar of each symbol with the day boundary that is asked for, as GET /ohlc does", async () => {
    await service.insert([
      { symbol: "PART", time: "2024-03-05T03:29:59Z", price: 1 },
      { symbol: "PART", time: "2024-03-05T03:30:00Z", price: 2 },
      { symbol: "PART", time: "2024-03-05T04:10:00Z", seq: 1, price: 3 },
    ]);
    const kind = "symbol=PART&interval=45m&day_start_hour=9&timezone=Asia/Kolkata";
    const { bars, day_boundary, snapshot } = await anchor(kind);
    expect(day_boundary).toEqual({ hour: 9, timezone: "Asia/Kolkata" });
    expect(snapshot).toMatch(/^\d+:\d+:[\d,]*$/);
    const { body: stored } = await service.get<AnchorBar[]>(`/ohlc?${kind}&start=2024-03-05&count=1`);
    expect(bars).toEqual([
      {
        ...stored[0],
        interval: "45m",
        open_key: key("2024-03-05T03:30:00.000000Z"),
        close_key: key("2024-03-05T04:10:00.000000Z", 1),
      },
    ]);
  });

  test("gives bars of seconds, and every later one, with the places of their quotes", async () => {
    const ahead = new Date(Math.ceil((Date.now() + 60_000) / 15_000) * 15_000).toISOString();
    await service.insert([
      { symbol: "SEC", time: "2024-03-05T10:00:14Z", price: 1 },
      { symbol: "SEC", time: "2024-03-05T10:00:16Z", price: 2 },
      { symbol: "SEC", ...quoteOf("2024-03-05T10:00:17Z", 1.4, 1.6) },
      { symbol: "SEC", time: "2024-03-05T10:00:18Z", price: 3 },
      { symbol: "SEC", time: ahead, price: 4 },
    ]);
    const { bars } = await anchor("symbol=SEC,NONE&interval=15s&family=quote");
    const place = key("2024-03-05T10:00:17.000000Z");
    const quotes = { quote_count: 1, bid_open: 1.4, ask_close: 1.6, open_key: place, close_key: place };
    expect(bars).toMatchObject([
      { symbol: "SEC", bucket: "2024-03-05T10:00:15Z", open: 2, close: 3, tick_count: 3, quotes },
      { symbol: "SEC", open: 4, tick_count: 1, quotes: null },
    ]);
  });

  test("of ticks gives the last bar as it was some seconds ago, and the ticks since then one by one", async () => {
    const old = Array.from({ length: 23 }, (_, i) => ({
      ...{ symbol: "TICKS", time: `2024-03-05T10:00:${String(i + 10)}Z` },
      price: i + 1,
    }));
    await service.insert(old);
    const now = new Date().toISOString();
    await service.insert([{ symbol: "TICKS", ...quoteOf(now, 1, 3) }]);
    const { of_ticks } = await anchor("symbol=TICKS,NONE&interval=10t&family=quote");
    expect(of_ticks).toMatchObject([
      {
        symbol: "TICKS",
        count: 3,
        last: key("2024-03-05T10:00:32.000000Z"),
        bar: { bucket: "2024-03-05T10:00:30.000000Z", seq: 0, open: 21, close: 23, tick_count: 3, quotes: null },
        ticks: [{ price: 2, bid: 1, ask: 3, seq: 0 }],
      },
      { symbol: "NONE", count: 0, ticks: [] },
    ]);
    expect(of_ticks?.[1]?.bar).toBeUndefined();
  });

  test("refuses a boundary that touches no bar, and asks for symbols", async () => {
    const refused = async (query: string) => (await service.get(`/internal/anchor?${query}`)).status;
    expect(await refused("symbol=A&interval=5m&timezone=UTC")).toBe(400);
    expect(await refused("interval=4h")).toBe(422);
  });
});

test("GET /internal/ohlc answers every interval, as of now", async () => {
  await service.insert([{ symbol: "FRESH", time: minutesAgo(1), price: 1 }]);
  const start = minutesAgo(180);
  const { body } = await service.get<AnchorBar[]>(`/internal/ohlc?symbol=FRESH&interval=2h&start=${start}`);
  expect(body).toMatchObject([{ tick_count: 1, open: 1 }]);
});

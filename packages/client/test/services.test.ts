import { eventually, startService, type TestService, testDatabase, testRedis } from "@fx-ohlc/testkit";
import { FxClient, type PriceInput, type TickInput, type TickPlace } from "../src/index.js";

let writes: FxClient;
let reads: FxClient;
let urls: { readonly reads: string; readonly gateway: string };
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const [database, redis] = await Promise.all([testDatabase(), testRedis()]);
  stops.push(() => Promise.all([database.drop(), redis.drop()]));
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, LOG_LEVEL: "error" };
  const started = async (name: string): Promise<TestService> => {
    const service = await startService({ name, env });
    stops.push(() => service.stop());
    return service;
  };
  writes = new FxClient({ url: (await started("tick-ingest")).url });
  const { url: readUrl } = await started("ohlc-query");
  reads = new FxClient({ url: readUrl });
  const gateway = await startService({ name: "stream-gateway", env: { ...env, OHLC_QUERY_URL: readUrl } });
  stops.push(() => gateway.stop());
  urls = { reads: readUrl, gateway: gateway.url };
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** A correction waits up to 5 s for its bars. */
const START = "2024-01-02T03:00:00.000000Z";
const END = "2024-01-03T00:00:00.000000Z";

/** One tick a second. */
function* ticksOf(symbol: string, count: number): Generator<TickPlace & PriceInput> {
  for (let second = 0; second < count; second += 1) {
    const time = new Date(Date.parse(START) + second * 1000).toISOString();
    yield { symbol, time, price: 1 + second / 100_000 };
  }
}

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe("the client and the services agree", () => {
  it("on single ticks, their replays and conflicts", async () => {
    const tick = { symbol: "SINGLE", price: 1.1, time: START };
    const stored = { ...tick, seq: 0 };
    await expect(writes.postTick(tick)).resolves.toEqual({ ...stored, duplicate: false });
    await expect(writes.postTick(tick)).resolves.toEqual({ ...stored, duplicate: true });
    await expect(writes.postTick({ ...stored, price: 1.2 })).rejects.toMatchObject({ status: 409 });
    await expect(writes.postTick({ price: -1 })).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ field: "price", message: "must be a finite number greater than 0" }] },
    });
  });

  it("on ticks without a time: two in a row are two", async () => {
    const [first, second] = [
      await writes.postTick({ symbol: "NOW", price: 1 }),
      await writes.postTick({ symbol: "NOW", price: 1 }),
    ];
    expect([first.duplicate, second.duplicate]).toEqual([false, false]);
    expect(Math.abs(Date.parse(second.time) - Date.now())).toBeLessThan(60_000);
  });

  it.each(["ndjson", "csv"] as const)("on uploads as %s, and on reading them back page by page", async (format) => {
    const symbol = format.toUpperCase();
    const uploaded = await writes.streamTicks(ticksOf(symbol, 12_345), { format });
    expect(uploaded).toMatchObject({ created: 12_345, duplicates: 0 });
    const query = { symbol, start: START, end: END };
    const ticks = await collect(reads.ticks({ ...query, pageSize: 5_000 }));
    expect(ticks.map(({ price }) => price)).toEqual([...ticksOf(symbol, 12_345)].map(({ price }) => price));
    // On TimescaleDB bars of the past hold their ticks a moment later.
    const bars = await eventually(async () => {
      const read = await collect(reads.bars({ ...query, interval: "minute", pageSize: 100 }));
      return read.length === 206 && read.at(-1)?.tick_count === 45 && read;
    });
    expect(bars[1]).toMatchObject({ bucket: "2024-01-02T03:01:00Z", open: 1.0006, close: 1.00119, tick_count: 60 });
    await eventually(async () => (await reads.latest({ symbols: [symbol], interval: "hour" }))[0]?.close === 1.12344);
    const fourHours = { interval: "4h", dayStartHour: 17, timezone: "America/New_York" } as const;
    const [last] = await reads.lastBars({ symbol, end: END, count: 1, ...fourHours });
    expect(last).toMatchObject({ bucket: "2024-01-02T06:00:00Z", close: 1.12344 });
    await expect(reads.latest({ symbols: [symbol], ...fourHours })).resolves.toEqual([last]);
    await expect(reads.lastBars({ symbol, end: END, count: 2, interval: "minute" })).resolves.toEqual(bars.slice(-2));
    const symbols = await reads.symbols();
    expect(symbols.find((row) => row.symbol === symbol)).toMatchObject({ first_tick: START });
  });

  it("on where an upload stops at a bad line, and what it skips", async () => {
    const bad = () => [...ticksOf("BAD", 4)].map((tick, index) => (index === 2 ? { ...tick, price: -1 } : tick));
    await expect(writes.streamTicks(bad())).rejects.toMatchObject({
      status: 422,
      problem: { line: 3, created: 2, errors: [{ field: "line 3.price" }] },
    });
    await expect(writes.streamTicks(bad(), { onError: "skip" })).resolves.toMatchObject({
      ...{ created: 1, duplicates: 2, rejected: 1 },
      errors: [{ field: "line 3.price" }],
    });
  });

  it("on an upload without end that goes wrong: the source is let go", async () => {
    let closed = () => {};
    const closing = new Promise<void>((resolve) => {
      closed = resolve;
    });
    async function* endless(): AsyncGenerator<TickInput> {
      try {
        for (;;) yield { symbol: "ENDLESS", price: -1, time: START };
      } finally {
        closed();
      }
    }
    await expect(writes.streamTicks(endless())).rejects.toMatchObject({ status: 422 });
    await closing;
  });

  it("on bulk, corrections and deletions", async () => {
    const symbol = "FIX";
    await expect(writes.postTicks([...ticksOf(symbol, 3)])).resolves.toMatchObject({ created: 3, duplicates: 0 });
    await expect(writes.putTick({ symbol, time: START }, 2.5)).resolves.toMatchObject({ price: 2.5, seq: 0 });
    await expect(writes.deleteTick({ symbol, time: "2024-01-02T03:00:01Z" })).resolves.toMatchObject({ deleted: 1 });
    await expect(writes.deleteTicks({ symbol, start: START, end: END })).resolves.toMatchObject({ deleted: 2 });
    await expect(writes.deleteTick({ symbol, time: START })).rejects.toMatchObject({ status: 404 });
  });

  it("on what a stream missed, read page by page, with ticks that are stamped a little ahead of the clock", async () => {
    const symbol = "MISSED";
    const ahead = { symbol, time: new Date(Date.now() + 60_000).toISOString(), price: 1 };
    await writes.postTicks([...ticksOf(symbol, 5_000), ahead]);
    // The streams are the gateway's and the rows the read side's, as they are behind one address.
    const client = new FxClient({
      url: urls.gateway,
      fetch: (url, init) => fetch(String(url).replace(urls.gateway, urls.reads), init),
    });
    const stream = client.stream({
      channels: [`ticks:${symbol}`],
      queueMax: 3,
      positions: { [`ticks:${symbol}`]: { offset: "gone-1", time: START } },
    });
    const prices: number[] = [];
    for await (const event of stream) {
      if (event.type === "reloaded-ticks") prices.push(...event.ticks.map(({ price }) => price));
      if (prices.length > 5_000) break;
    }
    expect(prices).toEqual([...[...ticksOf(symbol, 5_000)].map(({ price }) => price), 1]);
  });

  it("on health", async () => {
    await expect(writes.health()).resolves.toMatchObject({ status: "healthy", database: "connected" });
  });
});

import { averageOf, type SpreadSum } from "@fx-ohlc/schemas";
import { microsOf, quoteOf, type ReadSide, startReadSide } from "./read-side.js";

interface Key {
  readonly time: string;
  readonly seq: number;
}

interface Anchor {
  readonly snapshot: string;
  readonly now: string;
  readonly day_boundary: { readonly hour: number; readonly timezone: string };
  readonly bars: readonly {
    readonly interval: string;
    readonly symbol: string;
    readonly bucket: string;
    readonly tick_count: number;
    readonly complete: boolean;
    readonly open: number;
    readonly close: number;
    readonly open_key: Key;
    readonly close_key: Key;
    readonly quotes?: { readonly spread_sum: SpreadSum } | null;
  }[];
}

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
});
afterAll(() => service.stop());

async function identity(): Promise<Record<string, string>> {
  const rows = await service.sql<{ key: string; value: string }[]>`
    select key, value from settings where key in ('database_id', 'stream_namespace', 'incarnation')`;
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

test("GET /internal/database tells which database this is, as of now", async () => {
  const known = await identity();
  expect(Object.keys(known)).toHaveLength(3);
  expect((await service.get("/internal/database")).body).toEqual({
    ...known,
    incarnation_from_us: null,
    kept_spellings: [],
    symbol_count: 0,
  });
  await service.sql`update settings set value = 'another1' where key = 'incarnation'`;
  expect((await service.get("/internal/database")).body).toMatchObject({ ...known, incarnation: "another1" });
});

test("GET /internal/symbols names symbols page by page", async () => {
  await service.sql`insert into symbols (symbol, first_heard) select unnest(array['NA', 'NB', 'NC']), now()`;
  expect((await service.get("/internal/symbols?prefix=N&limit=2")).body).toEqual(["NA", "NB"]);
  expect((await service.get("/internal/symbols?limit=2&after=NB")).body).toEqual(["NC"]);
});

describe("GET /internal/anchor", () => {
  test("gives a snapshot and the boundary also when there is no bar at all", async () => {
    const { body } = await service.get<Anchor>("/internal/anchor");
    expect(body).toMatchObject({ day_boundary: { hour: 22, timezone: "UTC" }, bars: [] });
    expect(body.snapshot).toMatch(/^\d+:\d+:[\d,]*$/);
    expect(body).toMatchObject(await identity());
    expect(Math.abs(microsOf(body.now) / 1000 - Date.now())).toBeLessThan(5000);
  });

  test("gives each symbol's newest minute, hour and day bar with the places of their open and close", async () => {
    await service.insert([
      { symbol: "AAA", time: "2024-03-05T09:59:58Z", price: 1 },
      { symbol: "AAA", time: "2024-03-05T10:00:10.5Z", seq: 1, price: 3 },
      { symbol: "AAA", time: "2024-03-05T10:00:10.5Z", seq: 0, price: 2 },
      { symbol: "AAA", time: "2024-03-05T10:00:20.000001Z", price: 4 },
      { symbol: "BBB", time: new Date().toISOString(), price: 5 },
    ]);
    const { body } = await service.get<Anchor>("/internal/anchor");
    expect(new Set(body.bars.map(({ symbol }) => symbol))).toEqual(new Set(["AAA", "BBB"]));
    const { bars } = (await service.get<Anchor>("/internal/anchor?symbol=aaa")).body;
    const close_key = { time: "2024-03-05T10:00:20.000001Z", seq: 0 };
    expect(bars).toEqual([
      expect.objectContaining({
        interval: "minute",
        bucket: "2024-03-05T10:00:00Z",
        open: 2,
        tick_count: 3,
        complete: true,
        open_key: { time: "2024-03-05T10:00:10.500000Z", seq: 0 },
        close_key,
      }),
      expect.objectContaining({ interval: "hour", bucket: "2024-03-05T10:00:00Z", open: 2, tick_count: 3, close_key }),
      expect.objectContaining({
        interval: "day",
        bucket: "2024-03-04T22:00:00Z",
        date: "2024-03-05",
        open: 1,
        close: 4,
        tick_count: 4,
        open_key: { time: "2024-03-05T09:59:58.000000Z", seq: 0 },
        close_key,
      }),
    ]);
  });

  test("with the family of quotes gives what quotes are in each bar, with the places of the first and last of these", async () => {
    await service.insert([
      { symbol: "SIDES", time: "2024-03-05T09:58:00Z", price: 2 },
      { symbol: "SIDES", ...quoteOf("2024-03-05T09:59:10Z", 1.1, 1.3) },
      { symbol: "SIDES", time: "2024-03-05T10:00:00Z", price: 1 },
      { symbol: "SIDES", ...quoteOf("2024-03-05T10:00:10Z", 1.4, 1.39999) },
      { symbol: "SIDES", ...quoteOf("2024-03-05T10:00:20Z", 1.2, 1.21) },
      { symbol: "SIDES", time: "2024-03-05T10:00:30Z", price: 3 },
      { symbol: "NOSIDES", time: "2024-03-05T10:00:30Z", price: 3 },
    ]);
    const path = "/internal/anchor?symbol=SIDES,NOSIDES&family=quote";
    const { bars } = (await service.get<Anchor>(path)).body;
    const of = (symbol: string) => bars.filter((bar) => bar.symbol === symbol).map(({ quotes }) => quotes);
    const minute = {
      ...{ bid_open: 1.4, bid_high: 1.4, bid_low: 1.2, bid_close: 1.2 },
      ...{ ask_open: 1.39999, ask_high: 1.39999, ask_low: 1.21, ask_close: 1.21 },
      ...{ spread_min: -0.00001, spread_max: 0.01, quote_count: 2 },
      open_key: { time: "2024-03-05T10:00:10.000000Z", seq: 0 },
      close_key: { time: "2024-03-05T10:00:20.000000Z", seq: 0 },
    };
    const first = {
      bid_open: 1.1,
      bid_low: 1.1,
      ask_open: 1.3,
      open_key: { time: "2024-03-05T09:59:10.000000Z", seq: 0 },
    };
    const day = { ...minute, ...first, spread_max: 0.2, quote_count: 3 };
    expect(of("SIDES")).toMatchObject([minute, minute, day]);
    expect(of("SIDES").map((quotes) => quotes && averageOf(quotes.spread_sum, 1))).toEqual([0.00999, 0.00999, 0.20999]);
    expect(of("NOSIDES")).toEqual([null, null, null]);
    // Nobody else is told of them, nor pays for them.
    const { bars: prices } = (await service.get<Anchor>("/internal/anchor?symbol=SIDES")).body;
    expect(prices.map(({ quotes }) => quotes)).toEqual([undefined, undefined, undefined]);
  });

  test("gives the bars of ticks that are stamped after now as well", async () => {
    const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
    const times = [inMinutes(0), inMinutes(2), inMinutes(4)];
    await service.insert(times.map((time) => ({ symbol: "AHEAD", time, price: 1 })));
    const { body } = await service.get<Anchor>("/internal/anchor?symbol=AHEAD");
    const minutes = body.bars.filter(({ interval }) => interval === "minute");
    expect(minutes.map(({ bucket, tick_count }) => ({ bucket, tick_count }))).toEqual(
      times.map((time) => ({ bucket: `${time.slice(0, 16)}:00Z`, tick_count: 1 })),
    );
    expect(minutes.map(({ close_key }) => microsOf(close_key.time))).toEqual(times.map(microsOf));
    const { body: latest } = await service.get("/ohlc/latest?symbol=AHEAD&interval=minute");
    expect(latest.map(({ bucket }) => bucket)).toEqual([minutes[0]?.bucket]);
  });

  test("holds exactly the ticks whose transactions its snapshot sees, whatever commits meanwhile", async () => {
    const symbol = "RACE";
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    const xids: string[] = [];
    let done = false;
    const writer = async (worker: number) => {
      for (let i = 0; i < 100; i += 1) {
        const time = new Date(minute + worker * 10_000 + i).toISOString();
        await service.sql.begin(async (transaction) => {
          const [row] = await transaction<{ xid: string }[]>`
            with added as (insert into ticks values (${symbol}, ${microsOf(time)}, 0, 1) returning 1)
            select pg_current_xact_id()::text as xid from added`;
          xids.push(row?.xid ?? "");
        });
      }
    };
    const writing = Promise.all([0, 1, 2].map(writer)).finally(() => {
      done = true;
    });
    const anchors: Anchor[] = [];
    while (!done) anchors.push((await service.get<Anchor>(`/internal/anchor?symbol=${symbol}`)).body);
    await writing;
    expect(anchors.length).toBeGreaterThan(3);
    for (const { snapshot, bars } of anchors) {
      const [row] = await service.sql<{ visible: number }[]>`
        select count(*) as visible
          from unnest(${xids}::text[]) as xid where pg_visible_in_snapshot(xid::xid8, ${snapshot}::pg_snapshot)`;
      expect(bars.find(({ interval }) => interval === "day")?.tick_count ?? 0).toBe(row?.visible);
    }
  });

  test("gives keys that no later tick can undercut where retention has dropped the ticks", async () => {
    await service.insert([{ symbol: "DROPPED", time: "2010-05-05T05:05:05.5Z", price: 1 }]);
    await service.sql.begin(async (transaction) => {
      await transaction`set local fx.keep_bars = 'on'`;
      await transaction`delete from ticks where symbol = 'DROPPED'`;
    });
    const { bars } = (await service.get<Anchor>("/internal/anchor?symbol=DROPPED")).body;
    expect(bars).toHaveLength(3);
    for (const { bucket, open_key, close_key } of bars) {
      expect(open_key).toEqual({ time: bucket.replace("Z", ".000000Z"), seq: 0 });
      expect(Date.parse(close_key.time)).toBeGreaterThan(Date.parse("2010-05-05T05:05:59Z"));
    }
  });
});

import { openPool, type Queries, readSettings } from "@fx-ohlc/database";
import { formatTime } from "@fx-ohlc/schemas";
import { Ending } from "@fx-ohlc/service-kit";
import { testDatabase } from "@fx-ohlc/testkit";
import { Archive } from "../src/archive/archive.js";
import { countTicks } from "../src/bars/tick-count.js";
import { dayName, type ExpectedBar, expectedBars, quoteMembers } from "./independent-bars.js";
import {
  type Answer,
  allPages,
  type Bar,
  microsOf,
  quoteOf,
  type ReadSide,
  startReadSide,
  type TestTick,
} from "./read-side.js";

/** On a busy machine. */
let service: ReadSide;

interface TickBar extends Bar {
  readonly seq: number;
}

const BOUNDARY = { hour: 22, timezone: "UTC" };

/** Three FX days of prices and quotes, some of which share a stamp. */
function someTicks(): Required<Pick<TestTick, "time" | "seq" | "price">>[] {
  const ticks: (TestTick & { seq: number })[] = [];
  for (let i = 0; i < 900; i += 1) {
    const ms = Date.UTC(2024, 4, 6, 20) + Math.floor(i / 3) * 600_000 + (i % 3 === 2 ? 1 : 0);
    const time = formatTime(ms * 1000 + 123);
    const bid = Math.round((1.05 + ((i * 37) % 101) / 1000) * 1e5) / 1e5;
    const seq = i % 3 === 1 ? 1 : 0;
    const tick = i % 4 === 0 ? { time, price: bid } : quoteOf(time, bid, Math.round((bid + 0.0002) * 1e5) / 1e5);
    ticks.push({ ...tick, seq });
  }
  return ticks;
}
const ticks = someTicks();

/** The same bars from the ticks alone: those of each FX day, so many at a time. */
function expectedTickBars(all: typeof ticks, perBar: number): (ExpectedBar & { readonly seq: number })[] {
  const days = new Map<string, typeof ticks>();
  for (const tick of all) {
    const name = dayName(Date.parse(tick.time), BOUNDARY);
    days.set(name, [...(days.get(name) ?? []), tick]);
  }
  return [...days.values()].flatMap((day) =>
    Array.from({ length: Math.ceil(day.length / perBar) }, (_, i) => {
      const group = day.slice(i * perBar, (i + 1) * perBar);
      const [first] = group;
      // Ticks of one bucket, whatever their times are.
      const [bar] = expectedBars(
        group.map((tick) => ({ ...tick, time: "2024-01-01T00:00:00Z" })),
        "1m",
        BOUNDARY,
      );
      if (first === undefined || bar === undefined) throw new Error("a bar without ticks");
      return { ...bar, bucket: first.time, seq: first.seq };
    }),
  );
}

/** Of another symbol: more ticks than one page is made of, within one bucket of half a minute. */
const MANY = 500_010;

beforeAll(async () => {
  // On a busy machine what is refused in the end may take longer than a request has.
  service = await startReadSide(undefined, { QUERY_TIMEOUT_MS: "60000" });
  await service.insert(ticks);
  await service.sql.begin(async (sql) => {
    // Without the triggers that make bars of them, which would take most of the time.
    await sql`set local session_replication_role = replica`;
    await sql`
      insert into ticks (symbol, time, seq, price)
      select 'BUSY', timestamptz '2024-05-06 10:00:00+00' + i * interval '30 microseconds', 0, 1 + i % 7
        from generate_series(0, ${MANY - 1}) as i`;
  });
});
afterAll(() => service.stop());

const RANGE = "symbol=EURUSD&start=1970-01-01T00:00:00Z&end=2030-01-01T00:00:00Z";
const PER_BAR = [10, 37, 250, 10_000];

function between(bars: readonly TickBar[], from: string, to: string): TickBar[] {
  return bars.filter(({ bucket }) => microsOf(bucket) >= microsOf(from) && microsOf(bucket) < microsOf(to));
}

/** Follows `Link` back to the beginning. */
async function pagesBack(path: string): Promise<TickBar[][]> {
  const pages: TickBar[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Answer<TickBar[]> = await service.get<TickBar[]>(next);
    pages.unshift(answer.body);
    next = /^<([^>]+)>; rel="prev"$/.exec(answer.headers.get("link") ?? "")?.[1]?.slice(service.url.length);
  }
  return pages;
}

describe("bars of n ticks", () => {
  test.each(PER_BAR)("of %d are those of each FX day's ticks, counted from its start, on any page", async (perBar) => {
    const path = `/ohlc?interval=${perBar}t&${RANGE}`;
    const expected = expectedTickBars(ticks, perBar);
    const { body } = await service.get<TickBar[]>(path);
    expect(body).toEqual(expected.map(({ quotes: _quotes, ...bar }) => ({ ...bar, symbol: "EURUSD", complete: true })));
    expect((await allPages<TickBar>(service, `${path}&limit=7`)).flat()).toEqual(body);
    const back = await pagesBack(`/ohlc?interval=${perBar}t&symbol=EURUSD&count=7&end=2030-01-01T00:00:00Z`);
    expect(back.flat()).toEqual(body);
    const lines = await (await fetch(`${service.url}${path}&limit=all&format=ndjson`)).text();
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(body);
    const latest = await service.get(`/ohlc/latest?symbol=NOBODY,EURUSD&interval=${perBar}t`);
    expect(latest.body).toEqual(body.slice(-1));
  });

  test("belong to a range by their first tick, and are then whole", async () => {
    const all = (await service.get<TickBar[]>(`/ohlc?interval=37t&${RANGE}`)).body;
    for (const [from, to] of [
      ["2024-05-07T01:02:03Z", "2024-05-08T13:14:15Z"],
      [all[3]?.bucket ?? "", all[9]?.bucket ?? ""],
      ["2024-05-07T22:00:00Z", "2024-05-08T22:00:00Z"],
    ] as const) {
      const within = between(all, from, to);
      const range = `symbol=EURUSD&start=${from}&end=${to}`;
      expect((await service.get(`/ohlc?interval=37t&${range}`)).body).toEqual(within);
      expect((await service.get(`/ohlc?interval=37t&${range}&count=3`)).body).toEqual(within.slice(-3));
      expect((await service.get(`/ohlc?interval=37t&${range}&count=1000`)).body).toEqual(within);
    }
  });

  test("have their sides, in every format", async () => {
    const path = `/ohlc?interval=37t&${RANGE}&price=bid&include=bid,ask,spread`;
    const expected = expectedTickBars(ticks, 37);
    const { body } = await service.get<(TickBar & Record<string, unknown>)[]>(path);
    expect(body).toEqual(
      expected.map((bar) => ({
        ...{ bucket: bar.bucket, symbol: "EURUSD", ...bar.quotes?.bid, tick_count: bar.tick_count },
        ...{ complete: true, seq: bar.seq, ...quoteMembers(bar, ["bid", "ask", "spread"]) },
      })),
    );
    const columns = (await service.get<Record<string, unknown[]>>(`${path}&format=columns`)).body;
    expect(columns.seq).toEqual(body.map(({ seq }) => seq));
    expect(columns.bucket).toEqual(body.map(({ bucket }) => bucket));
    const csv = await (await fetch(`${service.url}${path}&format=csv`)).text();
    expect(csv.split("\n")[1]?.startsWith(`${body[0]?.bucket},EURUSD,`)).toBe(true);
    const candles = (await service.get<number[][]>(`/ohlc?interval=37t&${RANGE}&format=ccxt`)).body;
    expect(candles[1]?.[0]).toBe(microsOf(body[1]?.bucket ?? "") / 1000);
  });

  test("run until they have their ticks or their day is over, and complete=true leaves such out", async () => {
    const now = Date.now();
    const running = Array.from({ length: 13 }, (_, i) => ({
      symbol: "RUNNING",
      time: formatTime((now - 1000 + i) * 1000),
      price: i + 1,
    }));
    await service.insert(running);
    const path = "/ohlc?interval=10t&symbol=RUNNING&end=2200-01-01T00:00:00Z";
    const answers = [
      await service.get<TickBar[]>(`${path}&count=5`),
      await service.get<TickBar[]>(`${path}&start=2024-01-01T00:00:00Z`),
    ];
    for (const { body } of answers) {
      expect(body.map(({ tick_count, complete }) => [tick_count, complete])).toEqual([
        [10, true],
        [3, false],
      ]);
      const whole = body.slice(0, 1);
      expect((await service.get(`${path}&count=5&complete=true`)).body).toEqual(whole);
      expect((await service.get(`${path}&start=2024-01-01T00:00:00Z&complete=true`)).body).toEqual(whole);
      expect((await service.get("/ohlc/latest?interval=10t&symbol=RUNNING&complete=true")).body).toEqual(whole);
    }
  });

  test("keep their places in a day of which retention has dropped the first ticks", async () => {
    const before = (await service.get<TickBar[]>(`/ohlc?interval=37t&${RANGE}`)).body;
    const mark = "2024-05-08T00:00:00Z";
    const move = (to: string) => service.sql`update retention_mark set dropped_before = ${microsOf(to)}`;
    await move(mark);
    const answers = [`${RANGE}`, "symbol=EURUSD&count=1000"].map((query) => service.get(`/ohlc?interval=37t&${query}`));
    const [first, last] = await Promise.all(answers);
    await move("1970-01-01T00:00:00Z");
    const kept = between(before, mark, "2030-01-01T00:00:00Z");
    expect(first?.body).toEqual(kept);
    expect(last?.body).toEqual(kept);
  });
});

describe("what is made of more ticks than one request reads", () => {
  const BUSY = "symbol=BUSY&start=2024-05-06T09:00:00Z&end=2024-05-06T11:00:00Z";

  test("comes page by page, each bar once and whole", async () => {
    for (const interval of ["1s", "10000t"]) {
      const pages = await allPages<Bar>(service, `/ohlc?interval=${interval}&${BUSY}&limit=10000`);
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat().reduce((sum, bar) => sum + bar.tick_count, 0)).toBe(MANY);
      expect(new Set(pages.flat().map(({ bucket }) => bucket)).size).toBe(interval === "1s" ? 16 : 51);
    }
  });

  test("is refused where it is one bar, and the refusal says the bound", async () => {
    for (const range of [BUSY, "symbol=BUSY&end=2024-05-06T11:00:00Z&count=1"]) {
      const { status, text } = await service.get(`/ohlc?interval=30s&${range}`);
      expect([status, text]).toEqual([422, expect.stringContaining("500,000 ticks")]);
    }
  });
});

test.each([
  ["interval=9t", 422, "10t to 10000t"],
  ["interval=7d", 422, "1w"],
  ["interval=30d", 422, "1M"],
  ["interval=100t&fill=null", 400, "fill"],
  ["interval=100t&timezone=UTC", 400, "timezone"],
  ["interval=30s&timezone=UTC", 400, "timezone"],
  ["interval=1m&after_seq=1", 400, "after_seq"],
  ["interval=100t&before_seq=1", 400, "before_seq"],
  ["interval=100t&complete=maybe", 422, "true or false"],
])("%s is refused", async (query, status, named) => {
  const answer = await service.get(`/ohlc?symbol=EURUSD&start=2024-05-06T00:00:00Z&${query}`);
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(named)]);
});

test("empty seconds are filled with what came before them, also within their minute", async () => {
  const quote = (time: string, bid: number) => ({ ...quoteOf(time, bid, bid + 0.5), symbol: "FILLED" });
  await service.insert([
    quote("2024-05-06T09:58:00Z", 1),
    quote("2024-05-06T10:00:05Z", 2),
    quote("2024-05-06T10:00:45Z", 3),
  ]);
  const filled = async (start: string, end: string) => {
    const range = `start=2024-05-06T${start}Z&end=2024-05-06T${end}Z`;
    const { body } = await service.get<(Bar & { bid_close: number })[]>(
      `/ohlc?symbol=FILLED&interval=10s&fill=previous&include=bid&${range}`,
    );
    return body.map(({ bucket, close, bid_close, tick_count }) => [bucket.slice(14, 19), close, bid_close, tick_count]);
  };
  expect(await filled("10:00:20", "10:01:00")).toEqual([
    ["00:20", 2.25, 2, 0],
    ["00:30", 2.25, 2, 0],
    ["00:40", 3.25, 3, 1],
    ["00:50", 3.25, 3, 0],
  ]);
  expect(await filled("09:59:50", "10:00:10")).toEqual([
    ["59:50", 1.25, 1, 0],
    ["00:00", 2.25, 2, 1],
  ]);
});

test("ticks that wait to be in the minutes are counted one by one, with those that retention has dropped", async () => {
  const database = await testDatabase();
  const sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 30_000 });
  const archive = new Archive({ url: undefined, threads: 1, store: {}, onFailure: () => undefined });
  try {
    const { engine } = await readSettings(sql);
    const source = {
      engine,
      archive,
      ending: new Ending(),
      read: async <T>(work: (queries: Queries) => PromiseLike<T>) => work(sql),
    };
    await sql`
      insert into ticks (symbol, time, seq, price)
      select 'EURUSD', timestamptz '2024-05-06 22:00:00+00' + i * interval '7 minutes', 0, 1 from generate_series(0, 99) as i`;
    const wanted = {
      ...{ symbol: "EURUSD", dayStartUs: microsOf("2024-05-06T22:00:00Z") },
      upTo: { timeUs: microsOf("2024-05-07T06:59:00Z"), seq: 0 },
    };
    expect(await countTicks(source, wanted)).toBe(78);
    if (engine === "postgres") return;
    await sql`
      insert into refresh_queue (symbol, from_time, to_time, reason)
      values ('EURUSD', '2024-05-07 01:00:00+00', '2024-05-07 01:01:00+00', 'late')`;
    expect(await countTicks(source, wanted)).toBe(78);
    await sql`update retention_mark set dropped_before = '2024-05-07 00:00:00+00'`;
    await sql`delete from ticks where time >= '2024-05-07 06:00:00+00'`;
    // Nothing is dropped that waits.
    expect(await countTicks(source, wanted)).toBe(69);
    await sql`update retention_mark set dropped_before = '2024-05-08 00:00:00+00'`;
    expect(await countTicks(source, wanted)).toBe(69);
    await sql`update retention_mark set whole_from = '2024-05-07 00:00:00+00'`;
    // The minutes that are dropped are still known.
    expect(await countTicks(source, wanted)).toBe(69);
  } finally {
    await sql.end({ timeout: 2 });
    await database.drop();
  }
});

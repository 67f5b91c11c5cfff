import { allPages, type Bar, quoteOf, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

let service: ReadSide;
const START = Date.UTC(2024, 2, 5, 10);
/** In the order of their names; nobody has ever sent BBB. */
const SYMBOLS = ["AAA", "BBB", "CCC", "DDD"];
const [START_TIME, END] = ["start=2024-03-05T09:58:00Z", "end=2024-03-05T10:30:00Z"];
const RANGE = `${START_TIME}&${END}`;

/** Ticks of some seconds apart, of which some are quotes. */
function ticksOf(symbol: string, count: number, everyS: number): TestTick[] {
  return Array.from({ length: count }, (_, i) => {
    const time = new Date(START + i * everyS * 1000).toISOString();
    return { symbol, ...(i % 3 === 0 ? quoteOf(time, 1 + i / 1e4, 1 + (i + 2) / 1e4) : { time, price: 2 + i / 7 }) };
  });
}

beforeAll(async () => {
  service = await startReadSide();
  await service.insert([...ticksOf("AAA", 400, 3), ...ticksOf("CCC", 60, 30), ...ticksOf("DDD", 200, 7)]);
});
afterAll(() => service.stop());

/** What each symbol by itself is answered with, one after the other. */
async function oneByOne(query: string): Promise<Bar[]> {
  const each = SYMBOLS.map(async (symbol) => (await allPages<Bar>(service, `/ohlc?symbol=${symbol}&${query}`)).flat());
  return (await Promise.all(each)).flat();
}

describe("the bars of several symbols are those of each, by symbol and then by bucket", () => {
  test.each([
    "interval=1m",
    "interval=1m&fill=null",
    "interval=5m&fill=previous&include=bid,spread",
    "interval=4h&price=ask",
    "interval=1d&include=ask&start=2024-03-01",
    "interval=1M&start=2024-02-01",
    "interval=5s",
    "interval=30s&fill=previous",
    "interval=10t&include=spread",
  ])("%s: in one answer, page by page and streamed", async (kind) => {
    const query = `${kind}&${kind.includes("start=") ? END : RANGE}`;
    const expected = await oneByOne(query);
    expect(expected.length).toBeGreaterThan(2);
    // In whatever order they are asked for.
    const path = `/ohlc?symbol=DDD,AAA,%20CCC,BBB&${query}`;
    const whole = await service.get(`${path}&limit=10000`);
    expect(whole.body).toEqual(expected);
    expect(whole.headers.get("link")).toBeNull();
    for (const limit of [1, 7, expected.length]) {
      if (limit === 1 && expected.length > 100) continue;
      const pages = await allPages<Bar>(service, `${path}&limit=${limit}`);
      expect(pages.flat()).toEqual(expected);
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
    }
    expect((await service.get(`${path}&limit=all`)).body).toEqual(expected);
  });

  test("an hour of each fits on a page that says there is no other", async () => {
    const path = `/ohlc/minute?symbol=AAA,BBB,CCC&${RANGE}`;
    const { length } = (await service.get(path)).body;
    expect((await service.get(`${path}&limit=${length}`)).headers.get("link")).toBeNull();
    expect((await service.get(`${path}&limit=${length - 1}`)).headers.get("link")).toContain("symbol=CCC&");
  });
});

test.each(["csv", "ndjson", "columns"])("%s has the same rows as JSON", async (format) => {
  const path = `/ohlc/minute?symbol=CCC,AAA&${RANGE}&include=spread`;
  const { body } = await service.get(path);
  const text = await (await fetch(`${service.url}${path}&format=${format}`)).text();
  if (format === "ndjson") {
    expect(text).toBe(body.map((bar) => `${JSON.stringify(bar)}\n`).join(""));
  } else if (format === "csv") {
    const [header = "", ...lines] = text.trimEnd().split("\n");
    const names = header.split(",");
    const values = (bar: Bar) => Object.entries(bar).map(([, value]) => String(value ?? ""));
    expect(names).toEqual(Object.keys(body[0] ?? {}));
    expect(lines).toEqual(body.map((bar) => values(bar).join(",")));
  } else {
    const columns: Record<string, unknown[]> = JSON.parse(text);
    expect(columns.symbol).toEqual(body.map(({ symbol }) => symbol));
    expect(columns.close).toEqual(body.map(({ close }) => close));
  }
});

test("nothing of several symbols is what nothing of one is", async () => {
  for (const kind of ["", "&fill=null", "&include=bid", "&limit=all&fill=previous", "&tz=Asia/Tokyo"]) {
    const textOf = async (symbols: string) =>
      (await fetch(`${service.url}/ohlc/day.csv?symbol=${symbols}&start=2024-03-06&end=2024-03-05${kind}`)).text();
    expect(await textOf("AAA,CCC")).toBe(await textOf("AAA"));
  }
});

test("who has an answer already is sent nothing until one of the symbols changes", async () => {
  const path = `/ohlc/minute?symbol=AAA,CCC&${RANGE}`;
  const etag = (await service.get(path)).headers.get("etag") ?? "";
  expect((await service.get(path, { "if-none-match": etag })).status).toBe(304);
  await service.insert([{ symbol: "CCC", time: "2024-03-05T09:59:00Z", price: 9 }]);
  const changed = await service.get(path, { "if-none-match": etag });
  expect([changed.status, changed.body.find(({ symbol }) => symbol === "CCC")?.open]).toEqual([200, 9]);
});

test("one answer is of one moment: what a commit changed in two symbols is in both or in neither", async () => {
  const path = "/ohlc/day?symbol=ONE,TWO&start=2024-03-06T00:00:00Z&end=2024-03-09T00:00:00Z";
  const time = (i: number) => new Date(Date.UTC(2024, 2, 7, 10, 0, i)).toISOString();
  const pair = (i: number) => ["ONE", "TWO"].map((symbol) => ({ symbol, time: time(i), price: 1 + i }));
  await service.insert(pair(0));
  let isDone = false;
  const writing = (async () => {
    for (let i = 1; i <= 40; i += 1) await service.insert(pair(i));
    isDone = true;
  })();
  const seen = new Set<number>();
  while (!isDone) {
    const [one, two] = (await service.get(path)).body;
    expect([one?.close, one?.tick_count]).toEqual([two?.close, two?.tick_count]);
    seen.add(one?.close ?? 0);
  }
  await writing;
  expect(seen.size).toBeGreaterThan(1);
});

test.each([
  ["more than a hundred", `symbol=${Array.from({ length: 101 }, (_, i) => `S${i}`).join(",")}`, 422, "symbol"],
  ["an empty one", "symbol=AAA,,CCC", 422, "symbol"],
  ["the last bars of several", "symbol=AAA,CCC&count=3", 400, "count"],
  ["candles, which have no place for them", "symbol=AAA,CCC&format=ccxt", 400, "format"],
  ["their cursor for one", "symbol=AAA&first_start=2024-03-05", 400, "first_start"],
])("%s is refused", async (_name, query, status, field) => {
  for (const interval of ["1m", "10t"]) {
    const answer = await service.get<{ errors: { field: string }[] }>(`/ohlc?interval=${interval}&${RANGE}&${query}`);
    expect([answer.status, answer.body.errors.map((error) => error.field)]).toEqual([status, [field]]);
  }
});

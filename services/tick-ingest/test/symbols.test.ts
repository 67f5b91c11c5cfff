import { eventually } from "@fx-ohlc/testkit";
import { type Answer, type Ingest, startIngest } from "./ingest.js";

const TIME = "2024-01-02T03:04:05.000001Z";
const running: Ingest[] = [];

async function start(env: Record<string, string> = {}): Promise<Ingest> {
  const ingest = await startIngest(env);
  running.push(ingest);
  return ingest;
}

/** Another process on the same database. */
const replicaOf = ({ database, redis }: Ingest, env: Record<string, string> = {}) =>
  start({ DATABASE_URL: database.url, REDIS_URL: redis.url, ...env });

afterEach(async () => {
  // Replicas before those whose database they use.
  for (const ingest of running.splice(0).reverse()) await ingest.stop();
});

const tick = (symbol: string, price = 1) => ({ symbol, time: TIME, price });
const post = (ingest: Ingest, symbol: string, price = 1) => ingest.post("/ticks", tick(symbol, price));
const pathOf = (symbol: string) => `/symbols/${encodeURIComponent(symbol)}`;
const numbered = (from: number, count: number) => Array.from({ length: count }, (_, index) => `S${from + index}`);

async function symbols({ sql }: Ingest): Promise<string[]> {
  const rows = await sql`select symbol from symbols order by symbol`;
  return rows.map(({ symbol }) => String(symbol));
}

const errorOf = ({ body }: Answer) => (body.errors as { field: string; message: string }[])[0];

describe("the table of symbols", () => {
  test("has a symbol from the commit of its first tick on, and when something of it was last stored within a minute", async () => {
    const ingest = await start();
    const { sql } = ingest;
    await ingest.post("/ticks/bulk", [tick("EUR_USD"), tick("GBP/USD"), tick("EURUSD", 2)]);
    const ages = () => sql`
      select symbol, now() - first_heard < '10 s' as first, now() - last_heard < '10 s' as last from symbols order by symbol`;
    expect([...(await ages())]).toEqual(["EURUSD", "GBPUSD"].map((symbol) => ({ symbol, first: true, last: true })));
    await sql`update symbols set first_heard = now() - interval '1 day', last_heard = now() - interval '40 s'`;
    await post(ingest, "EURUSD");
    expect(await ages()).toMatchObject([
      { first: false, last: false },
      { first: false, last: false },
    ]);
    await post(ingest, "EURUSD", 3);
    expect(await ages()).toMatchObject([
      { first: false, last: true },
      { first: false, last: false },
    ]);
    const [written] = await sql`select xmin from symbols where symbol = 'EURUSD'`;
    await post(ingest, "EURUSD", 4);
    expect(await sql`select xmin from symbols where symbol = 'EURUSD'`).toEqual([written]);
  });

  test("takes no symbol of what is refused", async () => {
    const ingest = await start();
    await post(ingest, "EURUSD");
    const conflict = await ingest.post("/ticks/bulk", [tick("NEW"), { ...tick("EURUSD", 2), seq: 0 }]);
    expect(conflict.status).toBe(409);
    expect(await symbols(ingest)).toEqual(["EURUSD"]);
  });
});

describe("SYMBOLS_MAX", () => {
  test("is 10,000: the next symbol is refused with 429, and all others are stored", async () => {
    const ingest = await start();
    await ingest.sql`insert into symbols (symbol) select 'S' || n from generate_series(1, 9999) n`;
    expect(await post(ingest, "LAST")).toMatchObject({ status: 201 });
    const refused = await post(ingest, "MORE");
    expect([refused.status, refused.body.type]).toEqual([429, "/problems/too_many_requests"]);
    expect(errorOf(refused)).toEqual({ field: "symbol", message: expect.stringContaining("SYMBOLS_MAX") });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await post(ingest, "S77")).toMatchObject({ status: 201 });
    expect(await ingest.sql`select 1 from ticks where symbol = 'MORE'`).toEqual([]);
  });

  test("refuses the request that goes past it, and no other that is committed with it", async () => {
    const ingest = await start({ SYMBOLS_MAX: "3", FLUSH_INTERVAL_MS: "200" });
    await post(ingest, "A");
    const asked = ["A", "B", "C", "D", "B"];
    const answers = await Promise.all(asked.map((symbol) => post(ingest, symbol, 2)));
    // They come in any order: one of the new symbols is the last.
    const refused = new Set(asked.filter((_, at) => answers[at]?.status === 429));
    expect([refused.size, refused.has("A")]).toEqual([1, false]);
    expect(answers.map(({ status }) => status)).toEqual(asked.map((symbol) => (refused.has(symbol) ? 429 : 201)));
    const array = await ingest.post("/ticks/bulk", [tick("A", 5), tick("E"), tick("F"), tick("A", 6)]);
    expect([array.status, array.body.error_count ?? (array.body.errors as unknown[]).length]).toEqual([429, 2]);
    expect(errorOf(array)?.field).toBe("[1].symbol");
    expect(await symbols(ingest)).toEqual(["A", "B", "C", "D"].filter((symbol) => !refused.has(symbol)));
    expect(await ingest.sql`select 1 from ticks where price = 5`).toEqual([]);
  });

  test("ends a stream at the first line of one symbol too many, or leaves such lines out", async () => {
    const ingest = await start({ SYMBOLS_MAX: "2" });
    const lines = ["A", "B", "C", "A", "D"].map((symbol, at) => JSON.stringify(tick(symbol, at + 1))).join("\n");
    const stopped = await ingest.post("/ticks/bulk", lines, "application/x-ndjson");
    expect([stopped.status, stopped.body.line, stopped.body.created]).toEqual([429, 3, 2]);
    const skipped = await ingest.post("/ticks/bulk?on_error=skip", lines, "application/x-ndjson");
    expect(skipped).toMatchObject({ status: 201, body: { created: 1, duplicates: 2, rejected: 2 } });
    expect(await symbols(ingest)).toEqual(["A", "B"]);
  });

  test("holds exactly while two processes add at once", async () => {
    const one = await start({ SYMBOLS_MAX: "60" });
    const two = await replicaOf(one, { SYMBOLS_MAX: "60" });
    const answers = await Promise.all([
      ...numbered(0, 50).map((symbol) => post(one, symbol)),
      ...numbered(50, 50).map((symbol) => post(two, symbol)),
    ]);
    const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
    expect([count(201), count(429)]).toEqual([60, 40]);
    expect(await symbols(one)).toHaveLength(60);
    const stored = await one.sql`select distinct symbol from ticks order by symbol`;
    expect(stored.map(({ symbol }) => symbol)).toEqual(await symbols(one));
  });
});

describe("PUT /symbols/{symbol}", () => {
  test("registers a symbol, keeps what is not named, and takes back what is null", async () => {
    const ingest = await start();
    const said = {
      digits: 3,
      pip: 0.01,
      session: "always",
      kind: "crypto",
      description: 'Bitcoin, "spot"',
      quiet_after_s: 60,
    };
    const { status, body } = await ingest.send("PUT", pathOf("btc/usdt"), said);
    const nothing = { first_tick: null, last_tick: null, last_heard: null, quotes: false };
    expect([status, body]).toEqual([200, { symbol: "BTCUSDT", ...nothing, ...said }]);
    const changed = await ingest.send("PUT", pathOf("BTCUSDT"), { digits: null, quiet_after_s: 90 });
    expect(changed.body).toEqual({ ...body, digits: null, quiet_after_s: 90 });
    await post(ingest, "BTCUSDT");
    const time = expect.stringMatching(/Z$/);
    const heard = { first_tick: time, last_tick: time, last_heard: time };
    expect((await ingest.send("PUT", pathOf("BTCUSDT"), {})).body).toMatchObject({ ...heard, quiet_after_s: 90 });
  });

  test("answers what counts where nothing was said: as the prices, the sides of quotes and the sessions show it", async () => {
    const ingest = await start({ MARKET_SESSIONS: "ETH*=always" });
    const quote = { symbol: "EURUSD", bid: 1.123456, ask: 1.123457 };
    expect((await ingest.send("POST", "/ticks", quote)).status).toBe(201);
    const fx = { session: "Sun 17:00-Fri 17:00 America/New_York", kind: "fx", description: null, quiet_after_s: null };
    for (const [symbol, facts] of [
      ["EURUSD", { ...fx, quotes: true, digits: 6, pip: 0.0001 }],
      ["USDJPY", { ...fx, quotes: false, digits: 3, pip: 0.01 }],
      ["ETHUSD", { quotes: false, digits: null, pip: null, session: "always", kind: "crypto" }],
    ] as const) {
      expect((await ingest.send("PUT", pathOf(symbol), {})).body).toMatchObject({ symbol, ...facts });
    }
    const said = await ingest.send("PUT", pathOf("EURUSD"), { digits: 4, kind: "other" });
    expect(said.body).toMatchObject({ digits: 4, pip: null, kind: "other" });
    const back = await ingest.send("PUT", pathOf("EURUSD"), { digits: null, kind: null });
    expect(back.body).toMatchObject({ digits: 6, pip: 0.0001, kind: "fx" });
  });

  test.each([
    ["digits", 11],
    ["digits", 1.5],
    ["digits", "5"],
    ["pip", 0],
    ["session", "Mon 25:00-Tue 10:00 UTC"],
    ["kind", "gold"],
    ["description", "two\nlines"],
    ["description", "half \ud800"],
    ["quiet_after_s", 0],
    ["sessions", "always"],
  ])("refuses %s %p, and registers nothing", async (field, value) => {
    const ingest = running[0] ?? (await start());
    const { status, body } = await ingest.send("PUT", pathOf("BAD"), { digits: 4, [field]: value });
    expect([status, (body.errors as { field: string }[]).map((error) => error.field)]).toEqual([422, [field]]);
    expect(await symbols(ingest)).toEqual([]);
  });

  test("counts against SYMBOLS_MAX, and adds what REGISTERED_SYMBOLS_ONLY lets in", async () => {
    const ingest = await start({ SYMBOLS_MAX: "2", REGISTERED_SYMBOLS_ONLY: "true" });
    const refused = await post(ingest, "A");
    expect([refused.status, errorOf(refused)]).toEqual([
      422,
      { field: "symbol", message: "is not registered: PUT /symbols/{symbol} adds it" },
    ]);
    for (const symbol of ["A", "B"]) expect((await ingest.send("PUT", pathOf(symbol), {})).status).toBe(200);
    expect((await post(ingest, "A")).status).toBe(201);
    const over = await ingest.send("PUT", pathOf("C"), {});
    expect([over.status, errorOf(over)?.message]).toEqual([429, expect.stringContaining("SYMBOLS_MAX")]);
    expect((await ingest.send("PUT", pathOf("B"), { digits: 2 })).status).toBe(200);
  });
});

describe("DELETE /symbols/{symbol}", () => {
  test("removes a symbol once it holds neither ticks nor bars, and makes room for another", async () => {
    const ingest = await start({ SYMBOLS_MAX: "1" });
    const remove = () => ingest.send("DELETE", pathOf("OLD"));
    expect((await remove()).status).toBe(404);
    await post(ingest, "OLD");
    expect(await remove()).toMatchObject({ status: 409, body: { type: "/problems/conflict" } });
    await ingest.send("DELETE", `/ticks?symbol=OLD&start=2024-01-01T00:00:00Z&end=2024-01-03T00:00:00Z`);
    await eventually(async () => (await remove()).status === 204, { what: "the bars to be gone" });
    expect((await remove()).status).toBe(404);
    expect((await post(ingest, "NEW")).status).toBe(201);
  });

  test.each(["S&P500", "EURUSD+", "XAU#", "BINANCE:BTC@PERP"])(
    "names with signs such as %s are taken as they are",
    async (symbol) => {
      const ingest = running[0] ?? (await start());
      expect((await ingest.send("PUT", pathOf(symbol), {})).body).toMatchObject({ symbol });
      expect(await post(ingest, symbol)).toMatchObject({ status: 201, body: { symbol } });
      expect((await ingest.send("DELETE", pathOf(symbol))).status).toBe(409);
      const query = new URLSearchParams({ symbol, time: TIME });
      expect((await ingest.send("PUT", `/ticks?${query}`, { price: 2 })).body).toMatchObject({ symbol, price: 2 });
      expect((await ingest.send("DELETE", `/ticks/${encodeURIComponent(symbol)}/${TIME}`)).body).toMatchObject({
        deleted: 1,
      });
      await eventually(async () => (await ingest.send("DELETE", pathOf(symbol))).status === 204);
    },
  );

  test("never leaves ticks without their symbol, whichever replica stores one meanwhile", async () => {
    const one = await start();
    const two = await replicaOf(one);
    for (let round = 0; round < 20; round += 1) {
      const symbol = `R${round}`;
      await one.send("PUT", pathOf(symbol), {});
      const [removed, stored] = await Promise.all([one.send("DELETE", pathOf(symbol)), post(two, symbol)]);
      expect([204, 409]).toContain(removed.status);
      expect(stored.status).toBe(201);
    }
    const lost = await one.sql`
      select distinct symbol from ticks where not exists (select 1 from symbols where symbols.symbol = ticks.symbol)`;
    expect(lost).toEqual([]);
  });
});

test("what the first version stored under another spelling is written and corrected under that one", async () => {
  const ingest = await start();
  await ingest.sql`insert into symbols (symbol) values ('EUR_USD')`;
  await eventually(async () => (await post(ingest, "eur_usd")).body.symbol === "EUR_USD", {
    what: "the service to know the spelling",
  });
  expect((await post(ingest, "EUR/USD")).body).toMatchObject({ symbol: "EURUSD" });
  const bulk = await ingest.post("/ticks/bulk", JSON.stringify([tick("EUR_USD", 2), tick("GBP_USD")]));
  expect(bulk.status).toBe(201);
  const stored = await ingest.sql`select symbol, count(*)::int as ticks from ticks group by symbol order by symbol`;
  expect([...stored]).toEqual([
    { symbol: "EURUSD", ticks: 1 },
    { symbol: "EUR_USD", ticks: 2 },
    { symbol: "GBPUSD", ticks: 1 },
  ]);
});

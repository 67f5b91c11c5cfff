import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";
import { streamOf } from "./told.js";

let ingest: Ingest;
let redis: RedisLink;
beforeAll(async () => {
  ingest = await startIngest({ COPY_TICKS_MIN: "100" });
  redis = new RedisLink({
    url: ingest.redis.url,
    name: "test",
    logger: createLogger({ service: "test", level: "error" }),
  });
  redis.open();
});
afterAll(async () => {
  redis.close();
  await ingest.stop();
});

const TIME = "2024-01-02T03:04:05Z";
const STORED_TIME = "2024-01-02T03:04:05.000000Z";

async function rowsOf(symbol: string) {
  return [...(await ingest.sql`select seq, price, bid, ask from ticks where symbol = ${symbol} order by time, seq`)];
}

async function hasQuotes(symbol: string): Promise<boolean | undefined> {
  const [row] = await ingest.sql`select quotes from symbols where symbol = ${symbol}`;
  return row?.quotes;
}

test("a quote is answered with its mid and its sides, and is a duplicate only of itself", async () => {
  const quote = { symbol: "ONE", time: TIME, bid: 1.37615, ask: 1.37618 };
  const stored = { symbol: "ONE", time: STORED_TIME, price: 1.376165, bid: 1.37615, ask: 1.37618, seq: 0 };
  expect(await ingest.post("/ticks", quote)).toMatchObject({ status: 201, body: { ...stored, duplicate: false } });
  expect((await ingest.post("/ticks", quote)).body).toEqual({ ...stored, duplicate: true });
  const price = await ingest.post("/ticks", { symbol: "ONE", time: TIME, price: 1.376165 });
  expect(price.body).toEqual({ symbol: "ONE", time: STORED_TIME, price: 1.376165, seq: 1, duplicate: false });
  const crossed = await ingest.post("/ticks", { ...quote, bid: 1.37618, ask: 1.37615 });
  expect(crossed.body).toMatchObject({ price: 1.376165, seq: 2, duplicate: false });
  expect(await rowsOf("ONE")).toEqual([
    { seq: 0, price: 1.376165, bid: 1.37615, ask: 1.37618 },
    { seq: 1, price: 1.376165, bid: null, ask: null },
    { seq: 2, price: 1.376165, bid: 1.37618, ask: 1.37615 },
  ]);
});

test("a quote that names the place of another quote, or of a price, is a conflict that says so", async () => {
  await ingest.post("/ticks", { symbol: "CONFLICT", time: TIME, bid: 1, ask: 3, seq: 0 });
  const other = await ingest.post("/ticks", { symbol: "CONFLICT", time: TIME, bid: 1.5, ask: 2.5, seq: 0 });
  expect(other).toMatchObject({
    status: 409,
    body: { errors: [{ field: "seq", message: expect.stringContaining("another bid or ask") }] },
  });
  expect((await ingest.post("/ticks", { symbol: "CONFLICT", time: TIME, price: 2, seq: 0 })).status).toBe(409);
});

describe("what is no quote is refused and names why", () => {
  test.each([
    ["one side", { bid: 1 }, ["ask"]],
    ["the other side", { ask: 1 }, ["bid"]],
    ["a price beside both that is not their mid", { bid: 1, ask: 2, price: 1.50001 }, ["price"]],
    ["a price beside one", { bid: 1, price: 1.5 }, ["ask"]],
    ["a side of zero", { bid: 0, ask: 1 }, ["bid"]],
    ["a text", { bid: 1, ask: "1" }, ["ask"]],
    ["null", { bid: null, ask: 1 }, ["bid"]],
  ])("%s", async (_what, body, fields) => {
    const answer = await ingest.post("/ticks", body);
    expect(answer.status).toBe(422);
    expect((answer.body.errors as { field: string }[]).map(({ field }) => field)).toEqual(fields);
  });

  test.each(["time,symbol,bid", "time,symbol,ask", "time,symbol,price,bid", "time,symbol,bid,ask,ask"])(
    "a header %s",
    async (header) => {
      const answer = await ingest.post("/ticks/bulk", `${header}\n${TIME},BAD,1,1,1\n`, "text/csv");
      expect(answer).toMatchObject({ status: 422, body: { line: 1, created: 0 } });
    },
  );
});

describe("what is answered of prices and quotes", () => {
  const rows = [
    { time: STORED_TIME, symbol: "ANSWERED", price: 1.376165, seq: 0, bid: 1.37615, ask: 1.37618 },
    { time: STORED_TIME, symbol: "ANSWERED", price: 1.1, seq: 1 },
    { time: STORED_TIME, symbol: "ANSWERED", price: 1.1, seq: 2, bid: 1.1 - 1e-15, ask: 1.1 + 1e-15 },
  ];
  const header = "time,symbol,price,seq,bid,ask";
  const post = {
    CSV: (some: typeof rows) => {
      const lines = some.map(({ time, symbol, price, seq, bid = "", ask = "" }) =>
        [time, symbol, price, seq, bid, ask].join(),
      );
      return ingest.post("/ticks/bulk", [header, ...lines].join("\n"), "text/csv");
    },
    JSON: (some: typeof rows) => ingest.post("/ticks/bulk", some),
    NDJSON: (some: typeof rows) =>
      ingest.post("/ticks/bulk", some.map((row) => JSON.stringify(row)).join("\n"), "application/x-ndjson"),
  };

  test.each(["CSV", "JSON", "NDJSON"] as const)("can be sent again as %s, but with no other price", async (format) => {
    await ingest.sql`delete from ticks where symbol = 'ANSWERED'`;
    expect((await post[format](rows)).body).toMatchObject({ created: 3, duplicates: 0 });
    expect((await post[format](rows)).body).toMatchObject({ created: 0, duplicates: 3 });
    const other = await post[format](rows.map((row) => ({ ...row, price: 1.2 })));
    expect(other).toMatchObject({ status: 422, body: { detail: expect.any(String) } });
    const [first] = other.body.errors as { field: string; message: string }[];
    expect(first?.message).toBe("must be the mid of bid and ask, which is 1.376165, or be left out");
  });

  test.each([
    ["one side empty", "1.5,0,,2"],
    ["all empty", ",0,,"],
    ["no number for a side", "1.5,0,x,2"],
  ])("is refused in CSV with %s", async (_what, cells) => {
    const row = `${STORED_TIME},ANSWERED,${cells}`;
    expect(await ingest.post("/ticks/bulk", `${header}\n${row}\n`, "text/csv")).toMatchObject({ status: 422 });
  });

  test("may leave the mid of a quote empty in CSV", async () => {
    const row = `${STORED_TIME},EMPTY,,0,1,2`;
    expect((await ingest.post("/ticks/bulk", `${header}\n${row}\n`, "text/csv")).body).toMatchObject({ created: 1 });
    expect(await rowsOf("EMPTY")).toEqual([{ seq: 0, price: 1.5, bid: 1, ask: 2 }]);
  });
});

/** A quote a second, the last digits of some of them beyond what is read plainly. */
function quotes(symbol: string, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const bid = 1.1 + index / (index % 7 === 0 ? 3 : 1e5);
    return { symbol, time: new Date(Date.UTC(2024, 0, 2, 3) + index * 1000).toISOString(), bid, ask: bid + 3e-5 };
  });
}

test.each([
  ["few", 90],
  ["many", 500],
])("%s quotes are stored to the last digit as JSON, NDJSON and CSV, and once", async (name, count) => {
  for (const [at, sent] of ["JSON", "NDJSON", "CSV"].entries()) {
    const symbol = `${name.toUpperCase()}${at}`;
    const rows = quotes(symbol, count);
    const csv = ["ask,time,symbol,bid", ...rows.map((row) => `${row.ask},${row.time},${symbol},${row.bid}`)].join("\n");
    const post = () => {
      if (sent === "CSV") return ingest.post("/ticks/bulk", csv, "text/csv");
      if (sent === "JSON") return ingest.post("/ticks/bulk", rows);
      return ingest.post("/ticks/bulk", rows.map((row) => JSON.stringify(row)).join("\n"), "application/x-ndjson");
    };
    expect((await post()).body).toMatchObject({ created: count, duplicates: 0 });
    expect((await post()).body).toMatchObject({ created: 0, duplicates: count });
    expect((await rowsOf(symbol)).map(({ bid, ask }) => ({ bid, ask }))).toEqual(
      rows.map(({ bid, ask }) => ({ bid, ask })),
    );
    expect(await hasQuotes(symbol)).toBe(true);
  }
});

test.each([
  ["carefully", 10],
  ["by copy", 300],
])(
  "prices and quotes of one request are stored side by side %s, and a symbol has quotes from its first one on",
  async (way, count) => {
    const symbol = way === "by copy" ? "MIXEDCOPY" : "MIXED";
    await ingest.post("/ticks", { symbol, time: "2023-01-02T03:04:05Z", price: 1 });
    expect(await hasQuotes(symbol)).toBe(false);
    const mixed = quotes(symbol, count).map(({ bid, ask, ...at }, index) =>
      index % 2 === 0 ? { ...at, bid, ask } : { ...at, price: bid },
    );
    expect((await ingest.post("/ticks/bulk", mixed)).body).toMatchObject({ created: count });
    const stored = await rowsOf(symbol);
    expect(stored.filter(({ bid }) => bid !== null)).toHaveLength(count / 2);
    expect(await hasQuotes(symbol)).toBe(true);
    // Also where it was taken back since, by whoever removed the symbol and added it anew.
    await ingest.sql`update symbols set quotes = false where symbol = ${symbol}`;
    const later = mixed.map((row) => ({ ...row, time: row.time.replace("2024", "2022") }));
    expect((await ingest.post("/ticks/bulk", later)).body).toMatchObject({ created: count });
    expect(await hasQuotes(symbol)).toBe(true);
  },
);

test("a symbol that lost its quotes while a COPY of some waited for it has them again", async () => {
  const symbol = "WAITED";
  await ingest.post("/ticks", { symbol, time: TIME, bid: 1, ask: 2 });
  let answering: ReturnType<Ingest["post"]> | undefined;
  await ingest.sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(hashtextextended(${symbol}, 0))`;
    answering = ingest.post("/ticks/bulk", quotes(symbol, 300));
    const waits = () => ingest.sql`select from pg_locks where locktype = 'advisory' and not granted`;
    await eventually(async () => (await waits()).length > 0, { what: "the rows to wait" });
    await transaction`update symbols set quotes = false where symbol = ${symbol}`;
  });
  expect((await answering)?.body).toMatchObject({ created: 300 });
  expect(await hasQuotes(symbol)).toBe(true);
});

test("the stream carries the sides of quotes", async () => {
  const time = new Date().toISOString();
  await ingest.post("/ticks", { symbol: "TOLD", time, bid: 1.37615, ask: 1.37618 });
  await ingest.post("/ticks", { symbol: "TOLD", time, price: 2 });
  const told = async () => {
    const messages = await streamOf(redis, ingest.names, "TOLD");
    return messages.flatMap((message) => (message.type === "ticks" ? message.ticks : []));
  };
  const ticks = await eventually(async () => ((await told()).length === 2 ? told() : undefined));
  expect(ticks).toEqual([
    { time: expect.any(String), price: 1.376165, bid: 1.37615, ask: 1.37618, seq: 0 },
    { time: expect.any(String), price: 2, seq: 1 },
  ]);
});

/** Of the three levels, that hold one bar each. */
async function barsOf(symbol: string) {
  const bars = await ingest.sql`
    select * from (
      select 1 as level, * from quote_minute union all
      select 2, * from quote_hour union all
      select 3, * from quote_day) bars
     where symbol = ${symbol} and bucket >= '2024-01-01Z' and bucket < '2024-02-01Z' order by level`;
  return bars.map(({ bid_open, bid_close, ask_high, ask_low, spread_min, spread_max, spread_sum, quote_count }) => [
    ...[bid_open, bid_close, ask_high, ask_low, spread_min, spread_max, Number(spread_sum), Number(quote_count)],
  ]);
}

/** Waits for the bars of a late tick. */
async function untilBars(symbol: string, bar: readonly number[]): Promise<void> {
  const isThere = async () => JSON.stringify(await barsOf(symbol)) === JSON.stringify([bar, bar, bar]);
  await eventually(isThere, { what: `the bars of ${symbol}` });
}

describe("a correction", () => {
  const query = `?symbol=PUT&time=${TIME}`;

  test("of a quote takes both sides, and the bars hold it when it is answered", async () => {
    await ingest.post("/ticks", { symbol: "PUT", time: "2024-01-02T03:04:04Z", bid: 1.2, ask: 1.20003 });
    await ingest.post("/ticks", { symbol: "PUT", time: TIME, bid: 1.1, ask: 1.3 });
    await untilBars("PUT", [1.2, 1.1, 1.3, 1.20003, 0.00003, 0.2, 0.20003, 2]);
    const answer = await ingest.send("PUT", `/ticks${query}`, { bid: 1.4, ask: 1.40001 });
    const put = { symbol: "PUT", time: STORED_TIME, price: 1.400005, bid: 1.4, ask: 1.40001, seq: 0 };
    // Nothing more: bars that are pending would be said so.
    expect([answer.status, answer.body]).toEqual([200, put]);
    const bar = [1.2, 1.4, 1.40001, 1.20003, 0.00001, 0.00003, 0.00004, 2];
    expect(await barsOf("PUT")).toEqual([bar, bar, bar]);
  });

  test("of the same mid changes the sides", async () => {
    const { body } = await ingest.send("PUT", `/ticks${query}`, { bid: 1.3, ask: 1.50001 });
    expect(body.bars).toBeUndefined();
    const bar = [1.2, 1.3, 1.50001, 1.20003, 0.00003, 0.20001, 0.20004, 2];
    expect(await barsOf("PUT")).toEqual([bar, bar, bar]);
  });

  test("of the other kind is refused and changes nothing", async () => {
    const before = await rowsOf("PUT");
    const answer = await ingest.send("PUT", `/ticks${query}`, { price: 1.2 });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: "price" }] } });
    expect((await ingest.send("PUT", `/ticks${query}`, { bid: 1 })).status).toBe(422);
    expect(await rowsOf("PUT")).toEqual(before);
    await ingest.post("/ticks", { symbol: "SINGLE", time: TIME, price: 1 });
    const onPrice = await ingest.send("PUT", `/ticks?symbol=SINGLE&time=${TIME}`, { bid: 1, ask: 2 });
    expect(onPrice).toMatchObject({ status: 422, body: { errors: [{ field: "bid" }] } });
  });

  test("that deletes quotes takes them out of the bars", async () => {
    const { body } = await ingest.send("DELETE", `/ticks/PUT/${TIME}`);
    expect(body.bars).toBeUndefined();
    const bar = [1.2, 1.2, 1.20003, 1.20003, 0.00003, 0.00003, 0.00003, 1];
    expect(await barsOf("PUT")).toEqual([bar, bar, bar]);
    await ingest.send("DELETE", "/ticks?symbol=PUT&start=2024-01-01T00:00:00Z&end=2024-02-01T00:00:00Z");
    expect(await barsOf("PUT")).toEqual([]);
  });
});

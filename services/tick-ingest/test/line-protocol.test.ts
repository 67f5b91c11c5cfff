import { gzipSync } from "node:zlib";
import { type Ingest, startIngest } from "./ingest.js";

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

async function write(body: string | Buffer, target = "/write", headers: Record<string, string> = {}) {
  const init = { method: "POST", headers: { "Content-Type": "text/plain; charset=utf-8", ...headers } };
  const answer = await fetch(ingest.url + target, { ...init, body: Buffer.from(body) });
  const text = await answer.text();
  const ignored = answer.headers.get("x-ignored");
  return { status: answer.status, ignored, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
}

async function stored(symbol: string): Promise<unknown[]> {
  const rows = await ingest.sql`
    select to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as at, seq, price, bid, ask from ticks
    where symbol = ${symbol} order by time, seq`;
  return rows.map(({ at, seq, price, bid, ask }) => [at, seq, ...(bid === null ? [price] : [bid, ask])]);
}

test("the exact request of QuestDB's Python client is stored, but for what ticks have not", async () => {
  // questdb 6.0.0: rows with symbols and columns, a text with a line end, a datetime, and ServerTimestamp.
  const lines = [
    'fx,symbol=QDBEUR,venue=lp\\ 1 bid=1.1,ask=1.10002,seq=0i,note="a \\"b\\"\\\nc",ok=t 1733392800123456789',
    "fx,symbol=GBP/USD price=1i 1733392800123456000",
    "fx,symbol=QDBNOW price=1.25",
    "",
  ];
  const headers = { "User-Agent": "questdb/python/6.0.0", Accept: "*/*" };
  expect(await write(lines.join("\n"), "/write?precision=n", headers)).toMatchObject({ status: 204, ignored: "3" });
  expect(await stored("QDBEUR")).toEqual([["2024-12-05T10:00:00.123456", 0, 1.1, 1.10002]]);
  expect(await stored("GBPUSD")).toEqual([["2024-12-05T10:00:00.123456", 0, 1]]);
  expect(await stored("QDBNOW")).toHaveLength(1);
});

test("the exact requests of Telegraf's outputs.influxdb and outputs.influxdb_v2 are stored, once", async () => {
  // Telegraf 1.31: gzip by default, tags sorted, its own tag of the host, floats as they are.
  const body = gzipSync("quotes,host=feed-1,symbol=TELEGRAF ask=1.10002,bid=1.1 1733392800123000000\n");
  const v1 = { "Content-Encoding": "gzip", "User-Agent": "Telegraf/1.31.0 Go/1.22.3" };
  expect(await write(body, "/write?db=telegraf", v1)).toMatchObject({ status: 204, ignored: "1" });
  const v2 = { ...v1, Authorization: "Token x" };
  expect(await write(body, "/api/v2/write?bucket=fx&org=desk", v2)).toMatchObject({ status: 204 });
  expect(await stored("TELEGRAF")).toEqual([["2024-12-05T10:00:00.123000", 0, 1.1, 1.10002]]);
});

test.each([
  ["n", "1733392800123456999"],
  ["ns", "1733392800123456999"],
  ["u", "1733392800123456"],
  ["us", "1733392800123456"],
  ["ms", "1733392800123"],
  ["s", "1733392800"],
])("precision=%s", async (precision, time) => {
  const symbol = `PRECISE${precision.toUpperCase()}`;
  expect(await write(`t,symbol=${symbol} price=1 ${time}`, `/write?precision=${precision}`)).toMatchObject({
    status: 204,
  });
  const digits = { s: "000000", ms: "123000" }[precision] ?? "123456";
  expect(await stored(symbol)).toEqual([[`2024-12-05T10:00:00.${digits}`, 0, 1]]);
});

describe("a bad line is a 400 with its number, and what lies before it is stored", () => {
  const rows: [what: string, line: string, says: string][] = [
    ["no symbol", "t,venue=x price=1 1733392800000000000", "symbol"],
    ["no table", " symbol=X price=1", "table"],
    ["no fields", "t,symbol=X", "fields"],
    ["no price", "t,symbol=X size=1 1733392800000000000", "price is required, or bid and ask"],
    ["a text as price", 't,symbol=X price="1.1" 1733392800000000000', "price must be a number"],
    ["NaN", "t,symbol=X price=NaN", "price must be a number"],
    ["an empty price", "t,symbol=X price= 1733392800000000000", "price must be a number"],
    ["a negative price", "t,symbol=X price=-1 1733392800000000000", "greater than 0"],
    ["one side", "t,symbol=X bid=1 1733392800000000000", "ask is missing"],
    ["a field twice", "t,symbol=X price=1,price=2 1733392800000000000", "a field twice"],
    ["a tag twice", "t,symbol=X,symbol=Y price=1 1733392800000000000", "a tag twice"],
    ["an empty symbol", "t,symbol= price=1 1733392800000000000", "symbol"],
    ["a time that is none", "t,symbol=X price=1 yesterday", "time"],
    ["a time far ahead", "t,symbol=X price=1 4102444800000000000", "in the future"],
    ["a seq that is not whole", "t,symbol=X price=1,seq=0.5 1733392800000000000", "seq must be an integer"],
    ["a text that does not end", 't,symbol=X price=1,note="a 1733392800000000000', "text that does not end"],
  ];
  test.each(rows)("%s", async (_what, line, says) => {
    const answer = await write(`# a comment "\n\nt,symbol=GOOD price=1.5 1733392800000000000\n${line}\n`);
    expect(answer).toMatchObject({ status: 400, body: { line: 4, lines: 3, detail: expect.stringContaining(says) } });
    expect(answer.body.error).toBe(answer.body.detail);
    expect([await stored("X"), await stored("GOOD")]).toEqual([[], [["2024-12-05T10:00:00.000000", 0, 1.5]]]);
  });

  test("a conflict is a 409", async () => {
    const line = (price: number) => `t,symbol=CLASH price=${price},seq=3i 1733392800000000000`;
    expect(await write(`${line(1)}\n${line(2)}\n`)).toMatchObject({ status: 409, body: { line: 2, created: 1 } });
  });
});

test("strict=1 refuses what ticks have not, and names it", async () => {
  const answer = await write("t,symbol=STRICT,venue=x price=1,size=2 1733392800000000000", "/write?strict=1");
  expect(answer).toMatchObject({ status: 400, body: { line: 1 } });
  expect(answer.body.errors).toMatchObject([{ field: "line 1.venue" }, { field: "line 1.size" }]);
  expect(await stored("STRICT")).toEqual([]);
});

test("lines of one symbol and time are numbered as they come, and sent again they are the same", async () => {
  const lines = Array.from(
    { length: 12_000 },
    (_, at) => `t,symbol=MANY price=${1 + (at % 7)} ${1_733_392_800 + Math.floor(at / 3)}`,
  );
  expect(await write(lines.join("\n"), "/write?precision=s")).toMatchObject({ status: 204, ignored: "0" });
  expect(await write(gzipSync(lines.join("\n")), "/write?precision=s", { "Content-Encoding": "gzip" })).toMatchObject({
    status: 204,
  });
  const [row] = await ingest.sql`select count(*)::int as count, max(seq)::int as seq from ticks where symbol = 'MANY'`;
  expect(row).toEqual({ count: 12_000, seq: 2 });
});

test("a page of another origin, which may post text without being asked, is refused", async () => {
  const line = "t,symbol=PAGE price=1 1733392800000000000";
  expect(await write(line, "/write", { Origin: "https://example.com" })).toMatchObject({ status: 403 });
  expect(await stored("PAGE")).toEqual([]);
  expect(await write(line, "/write", { Origin: "http://localhost:8000" })).toMatchObject({ status: 204 });
});

test("an unknown parameter is a 400, an unknown precision a 422", async () => {
  expect((await write("", "/write?presicion=ms")).status).toBe(400);
  expect((await write("", "/write?precision=h")).status).toBe(422);
});

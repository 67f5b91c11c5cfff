import { TimeUnit, Type, tableFromIPC } from "@uwdata/flechette";
import { type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;
const START = Date.UTC(2024, 2, 5);
const RANGE = "symbol=EURUSD&start=2024-03-05T00:00:00Z&end=2024-03-05T12:00:00Z";
const ARROW = "application/vnd.apache.arrow.stream";

beforeAll(async () => {
  service = await startReadSide();
  const time = (i: number) => new Date(START + i * 1000).toISOString().replace("Z", "123Z");
  const quote = (i: number) => ({ bid: 1.1 + i / 1e5, ask: 1.1 + (i + 2) / 1e5, price: (22 + (2 * i + 2) / 1e4) / 20 });
  const ticks = Array.from({ length: 12_000 }, (_, i) => ({
    ...{ time: time(i), seq: i % 2 },
    ...(i < 100 ? quote(i) : { price: 1 + i / 3e6 }),
  }));
  await service.insert([...ticks, ...ticks.slice(0, 500).map((tick) => ({ ...tick, symbol: "GBPUSD" }))]);
});
afterAll(() => service.stop());

type Row = Record<string, unknown>;

async function tableOf(path: string) {
  const answer = await fetch(service.url + path, { headers: { accept: ARROW } });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, ARROW]);
  return tableFromIPC(new Uint8Array(await answer.arrayBuffer()), { useBigIntTimestamp: true });
}

/** A value as JSON has it; of bars of ticks a bucket has its microseconds. */
function plain(name: string, value: unknown, isOfTicks: boolean): unknown {
  if (name === "date") return new Date(Number(value)).toISOString().slice(0, 10);
  if (typeof value !== "bigint") return value;
  const ms = new Date(Number(value / 1000n)).toISOString();
  return name === "bucket" && !isOfTicks
    ? ms.replace(".000Z", "Z")
    : ms.replace("Z", `${String(value % 1000n).padStart(3, "0")}Z`);
}

function rowsOf(table: Awaited<ReturnType<typeof tableOf>>): Row[] {
  const rows: Row[] = table.toArray();
  const isOfTicks = table.names.includes("seq");
  const cells = (row: Row) => Object.entries(row).map(([name, value]) => [name, plain(name, value, isOfTicks)]);
  return rows.map((row) => Object.fromEntries(cells(row)));
}

test.each([
  ["minutes with quotes", `/ohlc/minute?${RANGE}&include=bid,spread`],
  ["bids", `/ohlc?interval=5m&${RANGE}&price=bid`],
  ["the last days, with their names", "/ohlc/day?symbol=EURUSD&count=3"],
  ["filled minutes", `/ohlc/minute?${RANGE}&fill=previous&limit=300`],
  ["the newest bars", "/ohlc/latest?symbol=EURUSD,GBPUSD"],
  ["bars of ticks", `/ohlc?interval=50t&${RANGE}`],
  ["all bars of ticks", `/ohlc?interval=10t&${RANGE}&limit=all`],
  ["nothing", "/ohlc/minute?symbol=NOBODY&start=2024-03-05T00:00:00Z"],
  ["all minutes", `/ohlc/minute?${RANGE}&limit=all`],
  ["two symbols", `/ohlc/minute?${RANGE.replace("EURUSD", "GBPUSD,EURUSD")}&include=ask`],
  ["all of two symbols", `/ohlc/minute?${RANGE.replace("EURUSD", "GBPUSD,EURUSD")}&limit=all`],
  ["ticks", `/ticks?${RANGE}`],
  ["all ticks", `/ticks?${RANGE}&limit=all`],
  ["symbols", "/symbols"],
])("%s are what JSON has, to the last digit and microsecond", async (_name, path) => {
  const table = await tableOf(path);
  const { body } = await service.get<Row[]>(path);
  const complete = (row: Row) => Object.fromEntries(table.names.map((name) => [name, row[String(name)] ?? null]));
  expect(rowsOf(table)).toEqual(body.map(complete));
});

test("times are instants to the microsecond, of a zone where one is named, and symbols words of a dictionary", async () => {
  const typesOf = async (zone: string) => {
    const table = await tableOf(`/ohlc/minute?${RANGE}${zone}`);
    return ["bucket", "symbol", "open", "tick_count", "complete"].map((name) => table.getChild(name).type);
  };
  const time = { typeId: Type.Timestamp, unit: TimeUnit.MICROSECOND };
  const [bucket, symbol, open, count, complete] = await typesOf("");
  expect(bucket).toMatchObject({ ...time, timezone: "UTC" });
  expect(symbol).toMatchObject({ typeId: Type.Dictionary, dictionary: { typeId: Type.Utf8 } });
  expect([open?.typeId, count?.typeId, complete?.typeId]).toEqual([Type.Float, Type.Int, Type.Bool]);
  // As the database of zones spells it.
  expect((await typesOf("&tz=america/new_york"))[0]).toMatchObject({ ...time, timezone: "America/New_York" });
});

test("a long answer is batches of rows, whose dictionary is sent once", async () => {
  const path = `/ticks?${RANGE}&limit=all`;
  const table = await tableOf(path);
  expect(table.getChild("price").data.map(({ length }) => length)).toEqual([5000, 5000, 2000]);
  const bytes = Buffer.from(await (await fetch(`${service.url}/ticks.arrow?${RANGE}&limit=all`)).arrayBuffer());
  expect(bytes.toString("latin1").match(/EURUSD/g)).toHaveLength(1);
});

test("one range of an answer is sent, under the tag of the whole, which brings a 304", async () => {
  const url = `${service.url}/ohlc/minute.arrow?${RANGE}`;
  const plainly = { "accept-encoding": "identity" };
  const whole = await fetch(url, { headers: plainly });
  const bytes = Buffer.from(await whole.arrayBuffer());
  const tag = whole.headers.get("etag") ?? "";
  const head = await fetch(url, { method: "HEAD", headers: plainly });
  expect([head.headers.get("content-length"), head.headers.get("etag")]).toEqual([String(bytes.length), tag]);
  const part = await fetch(url, { headers: { range: "bytes=8-99", "if-range": tag } });
  expect([part.status, part.headers.get("etag")]).toEqual([206, tag]);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(8, 100));
  expect((await fetch(url, { headers: { "if-none-match": tag } })).status).toBe(304);
  const tags = await Promise.all(
    [`${url}&tz=Asia/Tokyo`, `${service.url}/ohlc/minute.parquet?${RANGE}`, `${url}&include=bid`].map(async (other) =>
      (await fetch(other)).headers.get("etag"),
    ),
  );
  expect(new Set([tag, ...tags]).size).toBe(4);
});

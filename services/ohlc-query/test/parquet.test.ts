import { execFile } from "node:child_process";
import { request } from "node:http";
import { promisify } from "node:util";
import { parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;
const START = Date.UTC(2024, 2, 5);
const RANGE = "symbol=EURUSD&start=2024-03-05T00:00:00Z&end=2024-03-05T12:00:00Z";

beforeAll(async () => {
  service = await startReadSide();
  const time = (i: number) =>
    new Date(START + (i + Math.floor(i / 5000) * 3000) * 1000).toISOString().replace("Z", "123Z");
  const quote = (i: number) => ({ bid: 1.1 + i / 1e5, ask: 1.1 + (i + 2) / 1e5, price: (22 + (2 * i + 2) / 1e4) / 20 });
  const ticks = Array.from({ length: 25_000 }, (_, i) => ({
    time: time(i),
    seq: i % 2,
    ...(i < 100 ? quote(i) : { price: 1 + i / 3e6 }),
  }));
  await service.insert(ticks);
});
afterAll(() => service.stop());

type Row = Record<string, unknown>;

async function fileOf(path: string): Promise<ArrayBuffer> {
  const answer = await fetch(service.url + path, { headers: { accept: "application/vnd.apache.parquet" } });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/vnd.apache.parquet"]);
  return answer.arrayBuffer();
}

/** Rows as JSON has them: times as they were before they were instants. */
function plain(rows: readonly Row[], digits: number): Row[] {
  const text = (name: string, value: unknown) => {
    if (value instanceof Date) return name === "date" ? value.toISOString().slice(0, 10) : value.toISOString();
    return typeof value === "bigint" ? Number(value) : value;
  };
  const written = (value: unknown) => (typeof value === "string" && digits > 3 ? value.replace(/\d{3}Z$/, "…") : value);
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, written(text(name, value))])),
  );
}

test.each([
  ["minutes with quotes", `/ohlc/minute?${RANGE}&include=bid,spread`],
  ["the last days, with their names", "/ohlc/day?symbol=EURUSD&count=3"],
  ["filled seconds of minutes", `/ohlc/minute?${RANGE}&fill=null&limit=3`],
  ["the newest bars", "/ohlc/latest?symbol=EURUSD"],
  ["nothing", "/ohlc/minute?symbol=NOBODY&start=2024-03-05T00:00:00Z"],
  ["all minutes", `/ohlc/minute?${RANGE}&limit=all`],
])("%s are what JSON has, to the last digit", async (_name, path) => {
  const rows = await parquetReadObjects({ file: await fileOf(path) });
  const { body } = await service.get<Row[]>(path);
  const whole = (row: Row) => ({ ...row, bucket: String(row.bucket).replace("Z", ".000Z") });
  const names = Object.keys(rows[0] ?? {});
  const complete = (row: Row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
  expect(plain(rows, 0)).toEqual(body.map(whole).map(complete));
});

test("all ticks are row groups of the rows that JSON has, to the microsecond", async () => {
  const path = `/ticks?${RANGE}&limit=all`;
  const file = await fileOf(path);
  const metadata = await parquetMetadataAsync({
    byteLength: file.byteLength,
    slice: (from, to) => file.slice(from, to),
  });
  expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([20_000, 5000]);
  const micros = {
    timestampFromMicroseconds: (us: bigint) => us,
    timestampFromMilliseconds: (ms: bigint) => ms,
    timestampFromNanoseconds: (ns: bigint) => ns,
  };
  const rows = await parquetReadObjects({ file, parsers: { ...micros, dateFromDays: (days: number) => days } });
  const { body } = await service.get<Row[]>(path);
  expect(rows.length).toBe(body.length);
  const at = (row: Row) => BigInt(Date.parse(String(row.time))) * 1000n + BigInt(String(row.time).slice(23, 26));
  for (const place of [0, 99, 100, 19_999, 24_999]) {
    const { bid = null, ask = null, ...tick } = body[place] ?? {};
    const expected = { ...tick, time: at(tick), seq: BigInt(Number(tick.seq)), bid, ask };
    expect(rows[place]).toEqual(expected);
  }
});

/** An exchange as DuckDB's httpfs has it: nothing is accepted encoded. */
function exchange(method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const outgoing = request(service.url + path, { method, headers: { accept: "*/*", ...headers } }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("end", () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }));
    });
    outgoing.on("error", reject).end();
  });
}

test("a file is had as DuckDB has it: its length, its last 16 kB, then the columns it needs, all of one tag", async () => {
  const path = `/ticks.parquet?${RANGE}&limit=10000`;
  const { headers } = await exchange("HEAD", path);
  const length = Number(headers["content-length"]);
  const part = async (from: number, to: number) => {
    const { status, ...answer } = await exchange("GET", path, { range: `bytes=${from}-${to - 1}` });
    expect([status, answer.headers["content-range"]]).toEqual([206, `bytes ${from}-${to - 1}/${length}`]);
    expect(answer.headers.etag).toBe(headers.etag);
    return Uint8Array.from(answer.body).buffer;
  };
  const tail = await part(length - 16_384, length);
  const metadata = await parquetMetadataAsync({ byteLength: tail.byteLength, slice: (a, b) => tail.slice(a, b) });
  expect(Number(metadata.num_rows)).toBe(10_000);
  const file = { byteLength: length, slice: (from: number, to = length) => part(from, to) };
  const rows = await parquetReadObjects({ file, metadata, columns: ["price"] });
  const { body } = await service.get<Row[]>(`/ticks?${RANGE}&limit=10000`);
  expect(rows.map(({ price }) => price)).toEqual(body.map(({ price }) => price));
});

const PANDAS = `
import sys, duckdb, polars, pandas
url, ticks = sys.argv[1:]
frame = pandas.read_parquet(url)
print(len(frame), frame.bucket.dt.tz, repr(float(frame.close.iloc[-1])))
print(polars.read_parquet(url).height)
try:
    duckdb.sql("install httpfs; load httpfs")
    print(duckdb.sql(f"select count(*), max(high) from '{url}'").fetchone())
except duckdb.IOException:
    print("no httpfs")
print(pandas.read_parquet(ticks).time.iloc[0].isoformat())
`;
/**
 * A Python that has them: `python3 -m venv V && V/bin/pip install pandas pyarrow polars duckdb`, then `PYTHON=V/bin/python`. Where
 * DuckDB may not fetch httpfs, `pip install duckdb==1.4.4 duckdb-ext-httpfs` brings it as a file, which `install '…'` takes.
 */
const PYTHON = process.env.PYTHON ?? "python3";
const run = promisify(execFile);

test("pandas, polars and duckdb open what is served by its URL", async () => {
  const isThere = await run(PYTHON, ["-c", "import duckdb, polars, pandas, pyarrow"]).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    console.warn(`not run: ${PYTHON} has not all of pandas, pyarrow, polars and duckdb`);
    return;
  }
  const url = `${service.url}/ohlc/minute.parquet?${RANGE}`;
  const { body } = await service.get(`/ohlc/minute?${RANGE}`);
  const { stdout } = await run(PYTHON, ["-c", PANDAS, url, `${service.url}/ticks.parquet?${RANGE}`]);
  const high = Math.max(...body.map((bar) => bar.high));
  const [pandas, polars, duckdb, ticks] = stdout.trim().split("\n");
  expect(pandas).toBe(`${body.length} UTC ${body.at(-1)?.close}`);
  expect(polars).toBe(String(body.length));
  if (duckdb === "no httpfs") console.warn("not run: duckdb has not its extension httpfs, and could not get it");
  else expect(duckdb).toBe(`(${body.length}, ${high})`);
  expect(ticks).toBe("2024-03-05T00:00:00.000123+00:00");
});

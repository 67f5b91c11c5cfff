import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import {
  type ArchiveStore,
  type CurrentFile,
  makeColumns,
  openStore,
  TickFileWriter,
  tickFile,
  writeCurrent,
} from "@fx-ohlc/archive";
import { midOf } from "@fx-ohlc/schemas";
import { emptyDataset } from "./archived-days.js";
import { type Bar, microsOf, type ReadSide, startReadSide, type TestTick } from "./read-side.js";

/** A Python that has them: `python3 -m venv V && V/bin/pip install duckdb polars pyarrow pyspark`, then `PYTHON=V/bin/python`. */
const PYTHON = process.env.PYTHON ?? "python3";
const run = promisify(execFile);
const ROOT = join(__dirname, "../../..");
/** Spark takes its time to start, and more on a busy machine. */
jest.setTimeout(240_000);

/** What engines take for numbers, for dates and for patterns, and what they decode once too often. */
const ODD = [["005930"], ["1D"], ["2025-12-05"], ["US30#", "A:B", "X+"]];
/** How each recipe's bars are told as plain numbers. */
const ENGINES = {
  duckdb: `
rows = lambda of: duckdb.sql("select epoch_us(bucket), open, high, low, close, tick_count from of order by 1").fetchall()
pairs = lambda of: duckdb.sql("select epoch_us(bucket), close, other from of order by 1").fetchall()`,
  polars: `
rows = lambda of: of.with_columns(pl.col("bucket").dt.epoch("us")).rows()
pairs = rows`,
  pyarrow: `
rows = lambda of: [(int(r["bucket"].timestamp()) * 1000000, *list(r.values())[1:]) for r in of.sort_by("bucket").to_pylist()]
pairs = rows`,
  pyspark: `
rows = lambda of: [(int(r[0].timestamp()) * 1000000, *r[1:]) for r in of.collect()]
pairs = rows`,
};

let service: ReadSide;
const folders: string[] = [];
let days: ReadonlyMap<string, readonly TestTick[]>;

beforeAll(async () => {
  const text = gunzipSync(await readFile(join(ROOT, "infra/sample/eurusd-ticks-2014-05-04_09.csv.gz"))).toString();
  const ticks = text
    .trim()
    .split("\n")
    .slice(1)
    .map((line): TestTick => {
      const [time = "", bid = "", ask = ""] = line.split(",");
      return { time, bid: Number(bid), ask: Number(ask), price: midOf(Number(bid), Number(ask)) };
    });
  days = byDay(numbered(ticks));
  service = await startReadSide();
  for (const day of days.values()) await service.insert(day);
});
afterAll(async () => {
  await service.stop();
  for (const path of folders) await rm(path, { recursive: true, force: true });
});

/** Those of one stamp are told apart by their order. */
function numbered(ticks: readonly TestTick[]): TestTick[] {
  let [last, seq] = ["", 0];
  return ticks.map((tick) => {
    seq = tick.time === last ? seq + 1 : 0;
    last = tick.time;
    return { ...tick, seq };
  });
}

function byDay(ticks: readonly TestTick[]): Map<string, TestTick[]> {
  const found = new Map<string, TestTick[]>();
  for (const tick of ticks) {
    const date = tick.time.slice(0, "2014-05-04".length);
    const own = found.get(date) ?? [];
    found.set(date, own);
    own.push(tick);
  }
  return found;
}

async function fileOf(ticks: readonly TestTick[]): Promise<Buffer> {
  const columns = makeColumns(ticks.length);
  for (const [i, { time, seq = 0, price, bid = 0, ask = 0 }] of ticks.entries()) {
    columns.time[i] = BigInt(microsOf(time));
    columns.recordedAt[i] = BigInt(microsOf(time) + 1000);
    columns.seq[i] = seq;
    columns.price[i] = price;
    columns.bid[i] = bid;
    columns.ask[i] = ask;
  }
  const writer = await TickFileWriter.open();
  return Buffer.concat([writer.add({ ...columns, count: ticks.length }), writer.finish()]);
}

/** Days of some symbols, all of which have the same ticks; and beside each day's file one that counts no more. */
async function dataset(symbols: readonly string[], dates: readonly string[]): Promise<string> {
  const { path, url } = await emptyDataset();
  folders.push(path);
  const files: CurrentFile[] = [];
  for (const date of dates) {
    const ticks = days.get(date) ?? [];
    const bytes = await fileOf(ticks);
    for (const symbol of symbols) {
      const file = { symbol, date, ticks: ticks.length, path: tickFile({ symbol, date, n: 2 }), checksum: "unread" };
      files.push(file);
      await mkdir(dirname(join(path, file.path)), { recursive: true });
      await writeFile(join(path, file.path), bytes);
      await writeFile(join(path, tickFile({ symbol, date, n: 1 })), bytes);
    }
  }
  const store: ArchiveStore = await openStore(url);
  await writeCurrent(
    store,
    (async function* () {
      yield files.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
    })(),
  );
  return path;
}

async function barsOf(end: string): Promise<(number | undefined)[][]> {
  const range = `symbol=EURUSD&start=2014-05-04&end=${end}&limit=all`;
  const { body } = await service.get<Bar[]>(`/ohlc/minute?${range}`);
  return body.map((bar) => [microsOf(bar.bucket), bar.open, bar.high, bar.low, bar.close, bar.tick_count]);
}

async function hasPackage(name: string): Promise<boolean> {
  return run(PYTHON, ["-c", `import ${name}`]).then(
    () => true,
    () => false,
  );
}

test.each(Object.entries(ENGINES))("the recipe for %s makes the bars that the API answers", async (name, telling) => {
  if (!(await hasPackage(name))) {
    console.warn(`the recipe for ${name} was not tried: ${PYTHON} has no such package`);
    return;
  }
  const page = await readFile(join(ROOT, "infra/recipes/archive.md"), "utf8");
  const code = [...page.matchAll(/```python\n(.*?)```/gs)]
    .map(([, text = ""]) => text)
    .find((text) => text.includes(`import ${name}`) || text.includes(`from ${name}`));
  const week = { archive: await dataset(["EURUSD", "GBPUSD"], [...days.keys()]), symbols: ["EURUSD", "GBPUSD"] };
  const odd = await Promise.all(
    ODD.map(async (symbols) => ({ archive: await dataset(symbols, ["2014-05-04"]), symbols })),
  );
  const cases = [week, ...odd].flatMap(({ archive, symbols }) =>
    symbols.map((symbol) => ({ archive, symbol, other: symbols.at(-1) ?? symbol })),
  );
  const script = `
import json, os, sys
found = []
for case in json.loads(sys.argv[1]):
    os.environ.update(ARCHIVE=case["archive"], SYMBOL=case["symbol"], OTHER=case["other"])
    scope = {}
    exec(${JSON.stringify(code)} + ${JSON.stringify(telling)}, scope)
    found.append([scope["rows"](scope["minutes"]), scope["pairs"](scope["both"])])
open(sys.argv[2], "w").write(json.dumps(found))
`;
  const answer = join(week.archive, "answer.json");
  await run(PYTHON, ["-c", script, JSON.stringify(cases), answer], { maxBuffer: 1e8 });
  const found: [number[][], number[][]][] = JSON.parse(await readFile(answer, "utf8"));
  const [ofWeek, ofDay] = await Promise.all([barsOf("2014-05-10"), barsOf("2014-05-05")]);
  expect(ofWeek).toHaveLength(6967);
  for (const [i, { archive, symbol }] of cases.entries()) {
    const expected = archive === week.archive ? ofWeek : ofDay;
    const pairs = expected.map(([bucket, , , , close]) => [bucket, close, close]);
    expect({ symbol, bars: found[i]?.[0], pairs: found[i]?.[1] }).toEqual({ symbol, bars: expected, pairs });
  }
});

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openStore } from "@fx-ohlc/archive";
import { emptyDataset } from "./archived-days.js";
import type { TestTick } from "./read-side.js";
import { hasPackages, PYTHON } from "./recipe-runs.js";
import { ROOT, sampleDays, writeDataset } from "./sample-week.js";

jest.setTimeout(240_000);

const SYMBOLS = ["005930", "US30#"];
const run = promisify(execFile);
let days: ReadonlyMap<string, readonly TestTick[]>;
let dataset: { readonly path: string; readonly url: string };
let lake: string;

beforeAll(async () => {
  days = new Map([...(await sampleDays())].slice(0, 2));
  dataset = await emptyDataset();
  lake = await mkdtemp(join(tmpdir(), "fx-lake-"));
  await list(days);
});
afterAll(async () => {
  for (const path of [dataset.path, lake]) await rm(path, { recursive: true, force: true });
});

/** What counts from now on. */
async function list(which: typeof days): Promise<void> {
  await writeDataset(await openStore(dataset.url), SYMBOLS, which);
}

async function printed(heading: string, language: string): Promise<string> {
  const page = await readFile(join(ROOT, "infra/recipes/archive.md"), "utf8");
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(section)?.[1] ?? "";
}

async function python(script: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, ARCHIVE: dataset.path, LAKE: lake, TZ: "Asia/Kolkata" };
  const { stdout } = await run(PYTHON, ["-c", script, ...args], { maxBuffer: 1e8, env });
  return stdout.trim().split("\n").at(-1) ?? "";
}

const counts = (which: typeof days) =>
  SYMBOLS.flatMap((symbol) => [...which].map(([date, ticks]) => [symbol, date, ticks.length]));

test("the recipe for Iceberg makes a table of the files that are listed, and follows the list", async () => {
  if (!(await hasPackages("pyiceberg", "sqlalchemy", "polars"))) return;
  const script = `${await printed("Apache Iceberg", "python")}
import json
import polars as pl
ticks = pl.scan_iceberg(catalog.load_table("fx.ticks").metadata_location)
found = ticks.group_by("symbol", pl.col("date").cast(pl.String)).agg(pl.len()).sort("symbol", "date").collect().rows()
assert ticks.select((pl.col("time").dt.date() == pl.col("date")).all()).collect().item()
print(json.dumps(found))
`;
  expect(JSON.parse(await python(script))).toEqual(counts(days));
  const fewer = new Map([...days].slice(1));
  await list(fewer);
  expect(JSON.parse(await python(script))).toEqual(counts(fewer));
  await list(days);
});

test("the text for ClickHouse makes bars of the listed files", async () => {
  if (!(await hasPackages("chdb"))) return;
  const here = (await printed("ClickHouse", "sql"))
    .replaceAll("s3('https://s3.eu-central-1.amazonaws.com/bucket/prefix/", `file('${dataset.path}/`)
    .replaceAll("'EURUSD'", "'US30#'");
  const script = `
import json, re, sys
import chdb
first, second = [text for text in sys.argv[1].split(";") if text.strip()]
paths = chdb.query(first, "TSV").data().split()
second = re.sub(r"\\{[^}]*\\}", lambda _: "{" + ",".join(paths) + "}", second)
print(chdb.query(second, "JSONCompactEachRow").data().replace("\\n", ";"))
`;
  const bars = (await python(script, here)).split(";").filter((line) => line !== "");
  const minutes = new Map<string, number[]>();
  for (const { time, price } of [...days.values()].flat()) {
    const minute = time.slice(0, "2014-05-04T21:00".length).replace("T", " ");
    minutes.set(minute, [...(minutes.get(minute) ?? []), price]);
  }
  const expected = [...minutes].map(([minute, prices]) => [
    ...[`${minute}:00`, prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1), prices.length],
  ]);
  expect(bars.map((line) => JSON.parse(line)).map(([minute, ...rest]) => [minute, ...rest.map(Number)])).toEqual(
    expected,
  );
});

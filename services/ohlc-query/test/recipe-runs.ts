import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./sample-week.js";

/**
 * A Python that has them: `python3 -m venv V && V/bin/pip install duckdb polars pyarrow pyspark`, then `PYTHON=V/bin/python`; for
 * buckets also `moto[server]`, and `duckdb-extensions duckdb-extension-httpfs` where DuckDB's own server is out of reach.
 */
export const PYTHON = process.env.PYTHON ?? "python3";
const run = promisify(execFile);

/** How each recipe's bars are told as plain numbers. */
const TELLING = {
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
export type EngineName = keyof typeof TELLING;
const HEADINGS = { duckdb: "DuckDB", polars: "polars", pyarrow: "pyarrow", pyspark: "Spark" };
/** DuckDB's extension is fetched by itself, or lies in a package. */
const OWN_SETTING = `
try:
    from duckdb_extensions import import_extension
    import_extension("httpfs")
except ImportError:
    pass
`;
export const ENGINES: readonly EngineName[] = ["duckdb", "polars", "pyarrow", "pyspark"];

export interface RecipeCase {
  readonly archive: string;
  readonly symbol: string;
  readonly other: string;
}

/** Bars as bucket in microseconds, open, high, low, close, ticks; and of two symbols bucket and closes. */
export interface RecipeAnswer {
  readonly bars: number[][];
  readonly pairs: number[][];
}

/** @returns whether Python has it; it is said where not */
export async function hasPackages(...names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    try {
      await run(PYTHON, ["-c", `import ${name}`]);
    } catch {
      console.warn(`${names[0]} was not tried: ${PYTHON} has no package ${name}`);
      return false;
    }
  }
  return true;
}

/** @returns whether there is one to set something up for */
export async function hasSomeEngine(): Promise<boolean> {
  for (const name of ENGINES) if (await hasPackages(name)) return true;
  return false;
}

/** The Python of a section of the page, as it stands; what it says of S3 first, where it is asked for. */
export async function printedCode(name: EngineName, place: "file" | "s3"): Promise<string> {
  const page = await readFile(join(ROOT, "infra/recipes/archive.md"), "utf8");
  const section = page.split(/^## /m).find((text) => text.startsWith(`${HEADINGS[name]}\n`)) ?? "";
  const [recipe = "", s3 = ""] = [...section.matchAll(/```python\n(.*?)```/gs)].map(([, code = ""]) => code);
  return place === "s3" ? `${s3}\n${recipe}` : recipe;
}

/** Runs a recipe for each case, one after the other in one process, far from UTC. */
export async function runRecipe(
  name: EngineName,
  code: string,
  cases: readonly RecipeCase[],
  env: Readonly<Record<string, string>> = {},
): Promise<RecipeAnswer[]> {
  const script = `
import json, os, sys
${name === "duckdb" && env.AWS_ACCESS_KEY_ID !== undefined ? OWN_SETTING : ""}
found = []
for case in json.loads(sys.argv[1]):
    os.environ.update(ARCHIVE=case["archive"], SYMBOL=case["symbol"], OTHER=case["other"])
    scope = {}
    exec(${JSON.stringify(code)} + ${JSON.stringify(TELLING[name])}, scope)
    found.append({"bars": scope["rows"](scope["minutes"]), "pairs": scope["pairs"](scope["both"])})
open(sys.argv[2], "w").write(json.dumps(found))
`;
  const folder = await mkdtemp(join(tmpdir(), "fx-recipe-"));
  try {
    const answer = join(folder, "answer.json");
    const options = { maxBuffer: 1e8, env: { ...process.env, TZ: "Asia/Kolkata", ...env } };
    await run(PYTHON, ["-c", script, JSON.stringify(cases), answer], options);
    return JSON.parse(await readFile(answer, "utf8"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

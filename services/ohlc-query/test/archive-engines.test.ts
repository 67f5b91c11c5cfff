import { rm } from "node:fs/promises";
import { openStore } from "@fx-ohlc/archive";
import { emptyDataset } from "./archived-days.js";
import { barsOf, ODD, recipeCases } from "./engine-cases.js";
import { type ReadSide, startReadSide, type TestTick } from "./read-side.js";
import { ENGINES, hasPackages, printedCode, runRecipe } from "./recipe-runs.js";
import { BARS_OF_THE_WEEK, sampleDays, writeDataset } from "./sample-week.js";

/** Spark takes its time to start, and more on a busy machine. */
jest.setTimeout(240_000);

let service: ReadSide;
const folders: string[] = [];
let days: ReadonlyMap<string, readonly TestTick[]>;

beforeAll(async () => {
  days = await sampleDays();
  service = await startReadSide();
  for (const day of days.values()) await service.insert(day);
});
afterAll(async () => {
  await service.stop();
  for (const path of folders) await rm(path, { recursive: true, force: true });
});

async function dataset(symbols: readonly string[], own: typeof days): Promise<string> {
  const { path, url } = await emptyDataset();
  folders.push(path);
  const store = await openStore(url);
  await writeDataset(store, symbols, own);
  return path;
}

test.each(ENGINES)("the recipe for %s makes the bars that the API answers", async (name) => {
  if (!(await hasPackages(name))) return;
  const sunday = new Map([...days].slice(0, 1));
  const week = { archive: await dataset(["EURUSD", "GBPUSD"], days), symbols: ["EURUSD", "GBPUSD"] };
  const odd = await Promise.all(ODD.map(async (symbols) => ({ archive: await dataset(symbols, sunday), symbols })));
  const cases = recipeCases([week, ...odd]);
  const found = await runRecipe(name, await printedCode(name, "file"), cases);
  const [ofWeek, ofDay] = await Promise.all([
    barsOf(service, "EURUSD", "2014-05-10"),
    barsOf(service, "EURUSD", "2014-05-05"),
  ]);
  expect(ofWeek).toHaveLength(BARS_OF_THE_WEEK);
  for (const [i, { archive, symbol }] of cases.entries()) {
    const bars = archive === week.archive ? ofWeek : ofDay;
    const pairs = bars.map(([bucket, , , , close]) => [bucket, close, close]);
    expect({ symbol, ...found[i] }).toEqual({ symbol, bars, pairs });
  }
});

import { rm } from "node:fs/promises";
import { openStore, SAME_THREAD } from "@fx-ohlc/archive";
import { ARCHIVE_RULES, ArchiveWorker, initArchive } from "@fx-ohlc/database/archive";
import { eventually } from "@fx-ohlc/testkit";
import { emptyDataset } from "./archived-days.js";
import { barsOf } from "./engine-cases.js";
import { type ReadSide, startReadSide, type TestTick } from "./read-side.js";
import { ENGINES, hasPackages, hasSomeEngine, printedCode, runRecipe } from "./recipe-runs.js";
import { BARS_OF_THE_WEEK, sampleDays } from "./sample-week.js";

/** A busy machine takes its time to start Spark, and to make bars of the week. */
jest.setTimeout(600_000);

/** Archives each ended day at once, and again as soon as it has changed. */
const RULES = { ...ARCHIVE_RULES, afterDays: 0, rowsPerSecond: 0, settledUs: 0, againUs: 0, endedUs: 0 };
const DAYS = ["2014-05-04", "2014-05-05"];

let service: ReadSide;
let worker: ArchiveWorker | undefined;
let dataset: { readonly path: string; readonly url: string } | undefined;
const troubles: string[] = [];

/** The other symbol moves the other way, and not in every minute. */
function otherTicks(ticks: readonly TestTick[]): TestTick[] {
  return ticks
    .filter((_, i) => i % 23 === 0)
    .map(({ time, seq = 0, price }) => ({ symbol: "X+", time, seq, price: 3 - price }));
}

beforeAll(async () => {
  if (!(await hasSomeEngine())) return;
  dataset = await emptyDataset();
  service = await startReadSide({ retentionDays: 0, archiveUrl: dataset.url });
  for (const ticks of (await sampleDays()).values()) {
    await service.insert(ticks);
    await service.insert(otherTicks(ticks));
  }
  const store = await openStore(dataset.url);
  await initArchive(service.sql, store, () => {});
  worker = new ArchiveWorker({
    ...{ url: service.databaseUrl, store, coder: SAME_THREAD, rules: RULES, everyMs: 20 },
    onError: (error) => troubles.push(String(error)),
  });
  worker.start();
  await eventually(async () => (await filesMade()).length === 12, { what: "twelve days", timeoutMs: 300_000 });
});

afterAll(async () => {
  await worker?.stop();
  await service?.stop();
  if (dataset !== undefined) await rm(dataset.path, { recursive: true, force: true });
});

/** Of each day of each symbol the number of its file. */
async function filesMade(): Promise<number[]> {
  const rows = await service.sql<{ n: number }[]>`
    select n from archive_days where file is not null and ticks_version = (
      select version from archive_versions v where v.symbol = archive_days.symbol and v.date = archive_days.date)`;
  return rows.map(({ n }) => n);
}

/** Changes ticks of some days so that their bars are what they were, and their files are not, again and again. */
function rewriteDays(): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const rewriting = (async () => {
    while (!stopping.signal.aborted) {
      const before = (await rewrites()) ?? 0;
      await service.sql`
        update ticks set recorded_at = now()
         where time >= ${`${DAYS[0]}T00:00:00Z`}::text::timestamptz and time < ${`${DAYS[1]}T00:10:00Z`}::text::timestamptz`;
      await eventually(async () => stopping.signal.aborted || ((await rewrites()) ?? 0) > before, {
        timeoutMs: 60_000,
      });
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await rewriting;
    },
  };
}

/** Of the days that are rewritten, how often each was at least. */
async function rewrites(): Promise<number | undefined> {
  const [row] = await service.sql<{ n: number }[]>`
    select min(n) as n from archive_days where file is not null and date = any (${DAYS}::text[]::date[])`;
  return row?.n;
}

test.each(ENGINES)("%s computes the week as the API while its files are replaced", async (name) => {
  if (dataset === undefined || !(await hasPackages(name))) return;
  const [own, other] = await Promise.all(["EURUSD", "X%2B"].map((symbol) => barsOf(service, symbol, "2014-05-10")));
  expect(own).toHaveLength(BARS_OF_THE_WEEK);
  const closes = new Map(other?.map(([bucket, , , , close]) => [bucket, close]));
  const pairs = own?.flatMap(([bucket, , , , close]) =>
    closes.has(bucket) ? [[bucket, close, closes.get(bucket)]] : [],
  );
  expect(pairs?.length).toBeLessThan(BARS_OF_THE_WEEK);
  const one = { archive: dataset.path, symbol: "EURUSD", other: "X+" };
  const code = await printedCode(name, "file");
  const before = (await rewrites()) ?? 0;
  const rewriting = rewriteDays();
  try {
    do {
      for (const found of await runRecipe(name, code, [one, one, one])) expect(found).toEqual({ bars: own, pairs });
    } while (((await rewrites()) ?? 0) < before + 2);
  } finally {
    await rewriting.stop();
  }
  expect(troubles).toEqual([]);
});

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CURRENT_FILE, readCurrent, SAME_THREAD, StoreUnavailableError } from "@fx-ohlc/archive";
import { eventually } from "@fx-ohlc/embedded";
import { US_PER_HOUR } from "@fx-ohlc/schemas";
import { withArchiveSessions } from "../src/archive/archive-worker.js";
import { DayArchiver } from "../src/archive/day-archiver.js";
import { ARCHIVE_RULES, ArchiveWorker, initArchive, type PassReport } from "../src/archive/index.js";
import { Pace } from "../src/archive/pace.js";
import { markWriter, whyNotWriter } from "../src/archive/writer.js";
import type { Transaction } from "../src/sql.js";
import { ArchiveKeeper } from "./archive-keeper.js";
import { history, Keeper } from "./keeper.js";

let archive: ArchiveKeeper;

beforeEach(async () => {
  archive = await ArchiveKeeper.open({ retentionDays: 0 });
  await archive.keeper.store(history(archive.keeper.nowUs, 4, 0, 6 * US_PER_HOUR));
  await archive.keeper.refreshed();
});

afterEach(() => archive.close());

const archived = () => eventually(() => archive.isArchived(), { what: "all ended days to be archived" });
const init = (of: { sql: Keeper["sql"] }, isOnlyMade = false) =>
  initArchive(of.sql, archive.store, () => {}, isOnlyMade);

/** Resolves when the own archiver says why it writes nothing; null: when it writes. */
async function refused(reason: string | null): Promise<void> {
  await eventually(() => {
    const said = archive.reports.at(-1)?.refusedBecause;
    return reason === null ? said === null : said?.includes(reason);
  });
}

test("of a database and its restored dump one writes to the dataset: the one that was initialised last", async () => {
  archive.startArchiver();
  await archived();
  const copy = await Keeper.open({ retentionDays: 0, archiveUrl: archive.store.url });
  const reports: PassReport[] = [];
  const worker = new ArchiveWorker({
    ...{ url: copy.url, store: archive.store, coder: SAME_THREAD, everyMs: 20 },
    rules: { ...ARCHIVE_RULES, afterDays: 0, endedUs: 0, graceUs: 0 },
    onError: () => {},
    onPass: (report) => reports.push(report),
  });
  try {
    const known = await archive.sql<{ key: string; value: string }[]>`
      select key, value from settings where key in ('archive_dataset', 'archive_writer')`;
    await copy.sql`insert into settings ${copy.sql([...known])}`;
    await copy.store(history(copy.nowUs, 4, 0, 5 * US_PER_HOUR));
    await init(copy, true);
    const files = (await readdir(archive.folder, { recursive: true })).sort();
    worker.start();
    await eventually(() => reports.at(-1)?.refusedBecause?.includes("another database writes"));
    expect((await readdir(archive.folder, { recursive: true })).sort()).toEqual(files);
    await refused(null);
    await init(copy);
    await eventually(() => reports.at(-1)?.refusedBecause === null);
    await refused("another database writes");
    await init(archive);
    await refused(null);
    await eventually(() => reports.at(-1)?.refusedBecause?.includes("another database writes"));
  } finally {
    await worker.stop();
    await copy.close();
  }
});

test("a database that was put back to an earlier moment, or a copy of its disks, does not write before somebody has said so", async () => {
  const { sql } = archive;
  const [before] = await sql<{ value: string }[]>`select value from settings where key = 'archive_writer'`;
  archive.startArchiver();
  await archived();
  await sql`update settings set value = ${before?.value ?? ""} where key = 'archive_writer'`;
  await refused("fx-migrate archive --init");
  await init(archive);
  await refused(null);
});

test("a store that takes no mark for a day makes nobody another's", async () => {
  const { sql, store } = archive;
  const begin = async <T>(work: (transaction: Transaction) => Promise<T>) =>
    (await sql.begin(async (transaction) => ({ value: await work(transaction) }))).value;
  const { write } = store;
  store.write = () => Promise.reject(new StoreUnavailableError("it is full"));
  for (let hour = 0; hour < 24; hour += 1) await expect(markWriter(begin, store)).rejects.toThrow("it is full");
  store.write = write;
  expect(await whyNotWriter(sql, store)).toBeNull();
  await markWriter(begin, store);
  expect(await whyNotWriter(sql, store)).toBeNull();
});

test("a file that is found damaged after its day was marked as dropped is made anew while its ticks are there, and stays when not", async () => {
  archive.startArchiver();
  await archived();
  await archive.stopArchivers();
  const { sql } = archive;
  const [first, second] = (await archive.entries()).filter(({ symbol }) => symbol === "EURUSD");
  if (first === undefined || second === undefined) throw new Error("nothing was archived");
  await sql`update archive_days set dropped_at = fx_clock() where symbol = 'EURUSD'`;
  await sql.begin(async (transaction) => {
    await transaction`set local fx.keep_bars = 'on'`;
    await transaction`
      delete from ticks where symbol = 'EURUSD' and time in (select min(time) from ticks where symbol = 'EURUSD')`;
  });
  await withArchiveSessions(archive.keeper.url, async ({ leadership, sql: reads }) => {
    await eventually(() => leadership.tryLead());
    const { store } = archive;
    const pace = new Pace(0, new AbortController().signal);
    const days = new DayArchiver({ leadership, sql: reads, store, coder: SAME_THREAD, pace }, async () => {});
    await days.distrust(first);
    await days.distrust(second);
  });
  const waiting = await sql`select date::text as date from archive_versions where version is distinct from archived`;
  expect(waiting).toEqual([{ date: second.date }]);
  archive.startArchiver();
  await archived();
  const after = (await archive.entries()).filter(({ symbol }) => symbol === "EURUSD").slice(0, 2);
  expect(after.map(({ n, droppedUs }) => [n, droppedUs === null])).toEqual([
    [first.n, false],
    [second.n + 1, true],
  ]);
});

test("a list of files that somebody has removed is written again", async () => {
  archive.startArchiver();
  await archived();
  await eventually(async () => (await archive.verify(() => {})) === 0);
  await rm(join(archive.folder, CURRENT_FILE));
  await eventually(async () => (await archive.store.find(CURRENT_FILE)) !== undefined);
  const listed = await readCurrent(archive.store);
  expect(listed.map(({ path }) => path)).toEqual((await archive.entries()).map(({ file }) => file));
});

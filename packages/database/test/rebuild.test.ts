import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FileStore } from "@fx-ohlc/archive";
import { eventually } from "@fx-ohlc/embedded";
import { US_PER_HOUR } from "@fx-ohlc/schemas";
import { rebuild } from "../src/archive/rebuild.js";
import { ArchiveKeeper } from "./archive-keeper.js";
import { asQuotes, history, Keeper } from "./keeper.js";

/** On a busy machine. */
jest.setTimeout(120_000);

let archive: ArchiveKeeper;
let empty: Keeper;

beforeEach(async () => {
  archive = await ArchiveKeeper.open({ retentionDays: 0 });
  empty = await Keeper.open({ retentionDays: 0 });
});

afterEach(async () => {
  await empty.close();
  await archive.close();
});

const all = (keeper: Keeper) => keeper.sql`
  select symbol, time, seq, price, bid, ask, recorded_at from ticks
   where time < date_trunc('day', now(), 'UTC') order by symbol, time, seq`;

const entriesOf = (keeper: Keeper) => keeper.sql`
  select symbol, date::text, n, file, ticks, first, last, rows_checksum, file_sha256, bytes from archive_days order by symbol, date`;

function rebuildEmpty(): Promise<void> {
  const { url, sql } = empty;
  return rebuild({ url, sql, store: new FileStore(archive.store.url), log: () => {} });
}

test("an empty database gets every tick of the archive, its bars and its entries, and no other database does", async () => {
  const ticks = history(archive.keeper.nowUs, 9, 0, 2 * US_PER_HOUR);
  await archive.keeper.store([
    ...ticks.filter(({ symbol }) => symbol === "EURUSD"),
    ...asQuotes(ticks.filter(({ symbol }) => symbol !== "EURUSD")),
  ]);
  await archive.sql`insert into ticks (symbol, time, seq, price) select symbol, time, 1, price * 1.01 from ticks where symbol = 'EURUSD'`;
  await archive.sql`update ticks set recorded_at = null where seq = 1`;
  archive.keeper.startWorker();
  await archive.keeper.refreshed();
  await archive.keeper.stopWorker();
  archive.startArchiver();
  await eventually(() => archive.isArchived(), { what: "all ended days to be archived", timeoutMs: 60_000 });
  await archive.stopArchivers();

  // What is interrupted by a file that is damaged goes on where it stopped.
  const damaged = (await archive.entries()).at(-1)?.file ?? "";
  const whole = await archive.store.read(damaged);
  await writeFile(join(archive.folder, damaged), whole.subarray(1));
  await expect(rebuildEmpty()).rejects.toThrow(damaged);
  await writeFile(join(archive.folder, damaged), whole);
  // What changes there meanwhile is not stored beside what it was.
  const [first] = await archive.entries();
  await empty.sql`update archive_days set file = 'another' where symbol = ${first?.symbol ?? ""} and date = ${first?.date ?? ""}::text::date`;
  await expect(rebuildEmpty()).rejects.toThrow(`${first?.symbol} ${first?.date} was archived anew`);
  await empty.sql`update archive_days set file = ${first?.file ?? ""} where file = 'another'`;
  await rebuildEmpty();

  expect(await all(empty)).toEqual(await all(archive.keeper));
  expect(await entriesOf(empty)).toEqual(await entriesOf(archive.keeper));
  const today = (Math.floor(archive.keeper.nowUs / (24 * US_PER_HOUR)) - 1) * 24 * US_PER_HOUR;
  const endedBars = async (keeper: Keeper) => (await keeper.bars()).filter(({ bucket }) => bucket < today);
  expect(await endedBars(empty)).toEqual(await endedBars(archive.keeper));
  expect(await empty.sql`select symbol, quotes from symbols order by symbol`).toEqual([
    { symbol: "EURUSD", quotes: false },
    { symbol: "USDJPY", quotes: true },
  ]);
  await expect(rebuildEmpty()).rejects.toThrow("this database holds ticks");
});

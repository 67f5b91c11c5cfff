import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { eventually } from "@fx-ohlc/embedded";
import { US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { dateOf } from "../src/changed-days.js";
import { ArchiveKeeper } from "./archive-keeper.js";
import { history } from "./keeper.js";
import { commandsBelow } from "./runbook.js";

/** Days that are kept when ticks expire. */
const KEPT = 2;

let archive: ArchiveKeeper;

beforeEach(async () => {
  archive = await ArchiveKeeper.open({ retentionDays: 0 });
  await archive.keeper.store(history(archive.keeper.nowUs, 6, 0, 11 * US_PER_HOUR));
  await archive.keeper.refreshed();
});

afterEach(() => archive.close());

function dayStart(daysAgo: number): number {
  return (Math.floor(archive.keeper.nowUs / US_PER_DAY) - daysAgo) * US_PER_DAY;
}

/** Archives every ended day, and lets the archiver go. */
async function archiveAll(): Promise<void> {
  archive.startArchiver();
  await eventually(() => archive.isArchived(), { what: "all ended days to be archived", timeoutMs: 60_000 });
  await archive.stopArchivers();
}

/** Resolves when nothing is left in the table before the days that are kept, nor among some others. */
async function gone(keptDays: number, but: readonly number[] = []): Promise<void> {
  const left = async () => {
    const times = await archive.sql<{ time: number }[]>`select time from ticks where time < ${dayStart(keptDays)}`;
    return times.filter(({ time }) => !but.includes(time));
  };
  await eventually(async () => (await left()).length === 0, { what: "expired ticks to be dropped", timeoutMs: 60_000 });
}

const entriesBefore = async (daysAgo: number) =>
  (await archive.entries()).filter(({ date }) => date < dateOf(dayStart(daysAgo)));

test("a file that cannot be read is made anew, and holds up no drop but its own", async () => {
  await archiveAll();
  const ticks = await archive.allTicks();
  const [bad] = await entriesBefore(KEPT);
  if (bad?.file == null) throw new Error("nothing was archived");
  archive.store.unreadable.add(bad.file);
  await archive.sql`update archive_days set verified_at = fx_clock() - interval '3 days'`;
  await archive.keeper.migrate({ retentionDays: KEPT });
  archive.startArchiver({ graceUs: 0 });
  await gone(KEPT);
  const after = (await archive.entries()).filter(({ n }) => n > bad.n);
  expect(after.map(({ symbol, date }) => [symbol, date])).toEqual([[bad.symbol, bad.date]]);
  expect(await archive.allTicks()).toEqual(ticks);
  // The old one is moved aside as soon as that is possible.
  await eventually(() => archive.troubles.some((trouble) => trouble.includes("cannot be cleaned away")));
  const confirmed =
    await archive.sql`select from archive_state where refused_because is null and confirmed_at is not null`;
  expect(confirmed).toHaveLength(1);
  archive.store.unreadable.clear();
  await eventually(async () => (await archive.verify(() => {})) === 0);
});

test("ticks that a hand has put into dropped days are told of, hold up no other drop, and go by the runbook's commands", async () => {
  const { sql, keeper } = archive;
  await archiveAll();
  await keeper.migrate({ retentionDays: KEPT + 1 });
  archive.startArchiver();
  await gone(KEPT + 1);
  const timeUs = dayStart(4) + 5;
  const insert = sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', ${timeUs}, 0, 9)`;
  if (!keeper.onTimescaleDb) {
    await expect(insert).rejects.toThrow("not kept any more");
    return;
  }
  await insert;
  const [ticks, bars] = [await archive.allTicks(), await keeper.bars()];
  const lines: string[] = [];
  expect(await archive.verify((line) => lines.push(line))).toBe(1);
  expect(lines[0]).toBe(`EURUSD ${dateOf(timeUs)}: ticks were put into the table after it was dropped`);
  await keeper.migrate({ retentionDays: KEPT });
  await gone(KEPT, [timeUs]);
  await eventually(() => archive.reports.at(-1)?.foreignDays === 1);
  const session = await sql.reserve();
  for (const command of await commandsBelow("Ticks were changed by SQL in dropped days")) {
    const ofDay = command.replaceAll("2025-11-03", dateOf(timeUs));
    await session.unsafe(ofDay.replaceAll("2025-11-04", dateOf(timeUs + US_PER_DAY)));
  }
  session.release();
  await gone(KEPT);
  await eventually(() => archive.reports.at(-1)?.foreignDays === 0);
  expect(await archive.verify(() => {})).toBe(0);
  expect(await archive.allTicks()).toEqual(ticks);
  expect(await keeper.bars()).toEqual(bars);
});

test("a chunk that a hand drops behind the mark is answered from its files from then on", async () => {
  const { sql, keeper } = archive;
  if (!keeper.onTimescaleDb) return;
  await archiveAll();
  const ticks = await archive.allTicks();
  // Nothing is read back: the mark moves, and no chunk goes.
  await sql`update archive_days set verified_at = fx_clock() - interval '3 days'`;
  await keeper.migrate({ retentionDays: KEPT });
  await eventually(async () => (await keeper.mark()).wholeFromUs === dayStart(KEPT));
  await sql`select drop_chunks('ticks', older_than => ${dayStart(4)}::timestamptz)`;
  await eventually(async () => (await archive.allTicks()).join() === ticks.join(), { what: "files to be read" });
  archive.startArchiver();
  await gone(KEPT);
  expect(await archive.allTicks()).toEqual(ticks);
});

describe("ARCHIVE_URL", () => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  async function otherStore(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "fx-archive-"));
    folders.push(folder);
    return pathToFileURL(folder).href;
  }

  const other = "another store";
  const own = "the same again";
  const all = ["whole", "changed", "damaged"];
  /** What is recorded one after the other; undefined: left out. And which days are in files when all has expired. */
  const cases: readonly { urls: readonly (string | undefined)[]; held: readonly string[] }[] = [
    { urls: [undefined], held: all },
    { urls: ["none", undefined], held: ["whole"] },
    { urls: ["none", own], held: all },
    { urls: [other, own], held: all },
  ];

  test.each(cases)(
    "$urls: nothing is dropped that it should hold, and it holds what it says",
    async ({ urls, held }) => {
      const { sql, keeper } = archive;
      await archiveAll();
      const days = { whole: dayStart(4), changed: dayStart(5), damaged: dayStart(3) };
      await sql`
      update ticks set price = 7 where symbol = 'EURUSD' and time >= ${days.changed} and time < ${days.changed + US_PER_DAY}`;
      await sql`
      update archive_versions set archived = null where symbol = 'EURUSD' and date = ${dateOf(days.damaged)}::text::date`;
      const before = await archive.allTicks();
      await keeper.stopWorker();
      for (const url of urls) {
        const archiveUrl = url === other ? await otherStore() : url === own ? archive.store.url : url;
        await keeper.migrate({ retentionDays: KEPT, archiveUrl });
        if (url === other) await nothingGoes();
      }
      // Without an archive nobody has to archive for a drop.
      if (held === all) archive.startArchiver();
      keeper.startWorker();
      await gone(KEPT);
      const isDropped = ({ droppedUs }: { droppedUs: number | null }) => droppedUs !== null;
      const entered = (await entriesBefore(KEPT)).filter(isDropped).map(({ symbol, date }) => `${symbol} ${date}`);
      const isHeld = (day: number) => entered.includes(`EURUSD ${dateOf(day)}`);
      expect(Object.entries(days).flatMap(([name, day]) => (isHeld(day) ? [name] : []))).toEqual(held);
      // Whoever sets it again finds what the files hold, and no file gives way to an empty one.
      const files = (await entriesBefore(KEPT)).map(({ file }) => file);
      await keeper.migrate({ archiveUrl: archive.store.url });
      archive.startArchiver();
      await eventually(() => archive.isArchived());
      expect((await entriesBefore(KEPT)).map(({ file }) => file)).toEqual(files);
      const lost = Object.entries(days).flatMap(([name, day]) => (held.includes(name) ? [] : [day]));
      const isLost = (text: string) => {
        const [symbol, timeUs] = text.split(" ");
        return symbol === "EURUSD" && lost.some((day) => Number(timeUs) >= day && Number(timeUs) < day + US_PER_DAY);
      };
      expect(await archive.allTicks()).toEqual(before.filter((text) => !isLost(text)));
    },
  );

  /** Where the files are is not where the archive shall be from now on. */
  async function nothingGoes(): Promise<void> {
    archive.keeper.startWorker();
    archive.startArchiver();
    await eventually(() => archive.reports.some(({ refusedBecause }) => refusedBecause !== null));
    await Promise.all([archive.stopArchivers(), archive.keeper.stopWorker()]);
    expect((await archive.keeper.mark()).droppedBeforeUs).toBe(0);
  }
});

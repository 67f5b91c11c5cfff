import { eventually } from "@fx-ohlc/embedded";
import { US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { ArchiveKeeper } from "./archive-keeper.js";
import { history } from "./keeper.js";

let archive: ArchiveKeeper;

beforeEach(async () => {
  archive = await ArchiveKeeper.open({ retentionDays: 0 });
});

afterEach(() => archive.close());

test("an archiver of a database whose archive was ended touches nothing of the dataset, which may be another's", async () => {
  const { keeper, sql } = archive;
  await keeper.store(history(keeper.nowUs, 3, 0, 6 * US_PER_HOUR));
  await keeper.refreshed();
  await keeper.migrate({ archiveUrl: "none" });
  archive.startArchiver();
  await eventually(async () => {
    const [row] = await sql<{ reason: string | null }[]>`select refused_because as reason from archive_state`;
    return row?.reason?.includes("no archive is recorded");
  });
  expect(await archive.entries()).toEqual([]);
  await keeper.migrate({ archiveUrl: archive.store.url });
  await eventually(() => archive.isArchived(), { what: "all ended days to be archived" });
});

test("ticks that were about to be dropped when an archive is first set are archived with all others, and not one by one", async () => {
  const { keeper, sql } = archive;
  await keeper.store(history(keeper.nowUs, 8, 0, US_PER_HOUR));
  await keeper.refreshed();
  await keeper.stopWorker();
  const markUs = (Math.floor(keeper.nowUs / US_PER_DAY) - 3) * US_PER_DAY;
  await sql`update retention_mark set dropped_before = ${markUs}, whole_from = ${markUs}`;
  // On plain PostgreSQL some of a day are gone already, and all of the days before it.
  const goneUs = keeper.onTimescaleDb ? 0 : markUs - 2 * US_PER_DAY + 5 * US_PER_HOUR;
  await sql.begin(async (transaction) => {
    await transaction`set local fx.keep_bars = 'on'`;
    if (goneUs > 0) await transaction`delete from ticks where symbol = 'EURUSD' and time < ${goneUs}`;
  });
  const [ticks, bars] = [await archive.allTicks(), await keeper.bars()];
  await keeper.migrate({ retentionDays: 2 });
  archive.startArchiver();
  keeper.startWorker();
  await eventually(async () => ((await keeper.oldestTick()) ?? 0) >= markUs, { what: "drops", timeoutMs: 15_000 });
  expect(await archive.allTicks()).toEqual(ticks);
  expect(await keeper.bars()).toEqual(bars);
  expect(keeper.notices.filter((notice) => notice.startsWith("ticks are kept"))).toEqual([]);
  // Of what had gone before nothing is said.
  const [before] = await sql`
    select from archive_versions where symbol = 'EURUSD' and date < (${goneUs}::timestamptz at time zone 'UTC')::date`;
  expect(before).toBeUndefined();
});

test("a day that was archived while the clock was ahead is archived again when it has ended", async () => {
  const { keeper, sql } = archive;
  await keeper.store([
    ...history(keeper.nowUs, 2, 0, 6 * US_PER_HOUR),
    { symbol: "EURUSD", timeUs: keeper.nowUs, price: 3 },
  ]);
  await keeper.refreshed();
  archive.startArchiver();
  await eventually(() => archive.isArchived());
  const todayUs = Math.floor(keeper.nowUs / US_PER_DAY) * US_PER_DAY;
  await keeper.moveClock(2 * US_PER_DAY);
  await eventually(async () => (await archive.entries()).some(({ firstUs }) => (firstUs ?? 0) >= todayUs));
  await keeper.moveClock(0);
  const ended = async () => (await sql<{ us: number }[]>`select ended_before as us from archive_state`)[0]?.us;
  await eventually(async () => (await ended()) === todayUs, { what: "the clock to be believed" });
  await sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', ${keeper.nowUs}, 9, 5)`;
  await keeper.moveClock(US_PER_DAY);
  await eventually(() => archive.isArchived());
  await archive.stopArchivers();
  expect(await archive.verify(() => {})).toBe(0);
  const [today] = (await archive.entries()).filter(
    ({ symbol, firstUs }) => symbol === "EURUSD" && (firstUs ?? 0) >= todayUs,
  );
  const [stored] = await sql<{ ticks: number }[]>`
    select count(*) as ticks from ticks where symbol = 'EURUSD' and time >= ${todayUs}`;
  expect(today?.ticks).toBe(stored?.ticks);
});

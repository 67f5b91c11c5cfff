import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCurrent } from "@fx-ohlc/archive";
import { eventually } from "@fx-ohlc/embedded";
import { type Tick, US_PER_DAY, US_PER_HOUR, US_PER_SECOND } from "@fx-ohlc/schemas";
import { dateOf, noteChangedDays } from "../src/changed-days.js";
import { readCommitRules } from "../src/commit-rules.js";
import { ArchiveKeeper, tickText } from "./archive-keeper.js";
import { asQuotes, history } from "./keeper.js";

let archive: ArchiveKeeper;

beforeEach(async () => {
  archive = await ArchiveKeeper.open({ retentionDays: 0 });
});

afterEach(() => archive.close());

const archived = () => eventually(() => archive.isArchived(), { what: "all ended days to be archived" });

/** The start of a UTC day, so many before today. */
function dayStart(daysAgo: number): number {
  return (Math.floor(archive.keeper.nowUs / US_PER_DAY) - daysAgo) * US_PER_DAY;
}

function entryOf(symbol: string, daysAgo: number) {
  return async () =>
    (await archive.entries()).find((day) => day.symbol === symbol && day.date === dateOf(dayStart(daysAgo)));
}

test("each ended day is one file with its ticks, and each change of one, by any hand, makes another file of that day alone", async () => {
  const ticks = asQuotes(history(archive.keeper.nowUs, 4, 0, US_PER_HOUR));
  await archive.keeper.store(ticks);
  await archive.keeper.refreshed();
  archive.startArchiver();
  await archived();
  const entries = await archive.entries();
  const ended = ticks.filter(({ timeUs }) => timeUs < dayStart(0)).map((tick) => ({ ...tick, seq: 0 }));
  const filed = (await Promise.all(entries.map((entry) => archive.ticksOf(entry)))).flat();
  expect(filed.map(tickText).sort()).toEqual(ended.map(tickText).sort());
  expect(entries.every(({ n }) => n === 1)).toBe(true);

  const { sql } = archive;
  const at = dayStart(2) + 7 * US_PER_HOUR;
  await sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', ${at}, 9, 5)`;
  await sql`update ticks set price = 6, bid = null, ask = null where symbol = 'USDJPY' and time < ${dayStart(2)} and time >= ${dayStart(3)}`;
  await sql`delete from ticks where symbol = 'EURUSD' and time >= ${dayStart(1)} and time < ${dayStart(0)}`;
  await sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', ${archive.keeper.nowUs}, 9, 5)`;
  // As tick-ingest does.
  await sql.begin(async (transaction) => {
    const rules = await readCommitRules(transaction);
    const tick = { symbol: "USDJPY", timeUs: dayStart(1) + 5, seq: 0, price: 7 };
    await noteChangedDays(transaction, archive.keeper.engine, [tick], rules);
    await transaction`insert into ticks (symbol, time, seq, price) values ('USDJPY', ${tick.timeUs}, 0, 7)`;
  });
  await archived();
  const changed = (await archive.entries()).filter(({ n }) => n > 1);
  expect(changed.map(({ symbol, date, file }) => [symbol, date, file === null])).toEqual([
    ["EURUSD", dateOf(dayStart(2)), false],
    ["EURUSD", dateOf(dayStart(1)), true],
    ["USDJPY", dateOf(dayStart(3)), false],
    ["USDJPY", dateOf(dayStart(1)), false],
  ]);
  await sql`update ticks set price = price where symbol = 'EURUSD' and time = ${at}`;
  await archived();
  expect(await entryOf("EURUSD", 2)()).toMatchObject({ n: 3 });
  await eventually(async () => (await archive.verify(() => {})) === 0);
  const listed = await readCurrent(archive.store);
  expect(listed.map(({ path }) => path)).toEqual((await archive.entries()).flatMap(({ file }) => file ?? []));
});

test("days of any size follow one another on the same connections", async () => {
  // A copy of some hundred ticks comes in one piece that is more than a stream holds.
  for (const [days, ticks] of [...Array(10).keys()].map((day) => [day + 1, 300 + day * 70] as const)) {
    const from = dayStart(days);
    await archive.keeper.store(
      Array.from({ length: ticks }, (_, i) => ({ symbol: "EURUSD", timeUs: from + (i + 1) * US_PER_SECOND, price: 1 })),
    );
  }
  await archive.keeper.refreshed();
  archive.startArchiver();
  await archived();
  expect((await archive.entries()).map(({ ticks }) => ticks).sort()).toEqual(
    Array.from({ length: 10 }, (_, day) => 300 + day * 70),
  );
});

test("ticks are dropped when the archive holds them, in the table or in their file at each moment, and no bar changes", async () => {
  await archive.keeper.store(history(archive.keeper.nowUs, 12, 0, 2 * US_PER_HOUR));
  await archive.keeper.refreshed();
  const { sql } = archive;
  const [ticks, bars] = [await archive.allTicks(), await archive.keeper.bars()];
  await archive.keeper.migrate({ retentionDays: 8 });
  archive.startArchiver();
  const expected = dayStart(8);
  const seen = new Set<string>();
  await eventually(
    async () => {
      seen.add((await archive.allTicks()).join());
      return ((await archive.keeper.oldestTick()) ?? 0) >= expected;
    },
    { what: "expired ticks to be dropped", timeoutMs: 60_000 },
  );
  expect([...seen]).toEqual([ticks.join()]);
  const dropped = (await archive.entries()).filter(({ droppedUs }) => droppedUs !== null);
  expect(dropped.length).toBeGreaterThanOrEqual(8);
  expect(dropped.every(({ date }) => date < dateOf(expected))).toBe(true);
  expect(await archive.keeper.bars()).toEqual(bars);
  expect(await archive.verify(() => {})).toBe(0);
  const [waiting] = await sql`select 1 from archive_versions where version is distinct from archived`;
  expect(waiting).toBeUndefined();
});

test("nothing is written and nothing dropped where the dataset is another one or not there", async () => {
  await archive.keeper.store(history(archive.keeper.nowUs, 10, 0, 6 * US_PER_HOUR));
  await archive.keeper.refreshed();
  await rename(join(archive.folder, "_dataset.json"), join(archive.folder, "elsewhere.json"));
  await archive.keeper.migrate({ retentionDays: 8 });
  archive.startArchiver();
  const refused = async () => {
    const [row] = await archive.sql<{ reason: string | null }[]>`select refused_because as reason from archive_state`;
    return row?.reason ?? "";
  };
  await eventually(async () => (await refused()).includes("there is no dataset"));
  expect((await readdir(archive.folder)).filter((name) => name !== "_uploads").sort()).toEqual([
    "_writer.json",
    "elsewhere.json",
  ]);
  expect((await archive.keeper.mark()).droppedBeforeUs).toBe(0);
  await writeFile(join(archive.folder, "_dataset.json"), JSON.stringify({ id: "another", format: 1 }));
  await eventually(async () => (await refused()).includes("is another"));
  await rename(join(archive.folder, "elsewhere.json"), join(archive.folder, "_dataset.json"));
  await eventually(async () => (await archive.keeper.mark()).droppedBeforeUs > 0, { timeoutMs: 60_000 });
});

test("a volume that is gone within a pass leaves no entry whose file lies in the empty folder under it", async () => {
  await archive.keeper.store(history(archive.keeper.nowUs, 3, 0, 6 * US_PER_HOUR));
  await archive.keeper.refreshed();
  const { store, folder } = archive;
  const upload = store.upload.bind(store);
  const [dataset, aside] = [join(folder, "_dataset.json"), join(folder, "elsewhere.json")];
  store.upload = async (path) => {
    await rename(dataset, aside).catch(() => {});
    return upload(path);
  };
  archive.startArchiver();
  await eventually(async () => archive.troubles.some((trouble) => trouble.includes("there is no dataset")));
  await archive.stopArchivers();
  expect(await archive.entries()).toEqual([]);
  store.upload = upload;
  await rename(aside, dataset);
  archive.startArchiver();
  await archived();
  await archive.stopArchivers();
  // What is archived again and is the same was not read back: a drop waits for it.
  const files = (await archive.entries()).map(({ file }) => file);
  await archive.sql`update archive_days set verified_at = '2000-01-01 00:00:00+00'`;
  await archive.sql`update archive_versions set archived = null, drawn_at = '-infinity'`;
  archive.startArchiver();
  await archived();
  const after = await archive.entries();
  expect(after.map(({ file }) => file)).toEqual(files);
  expect(after.every(({ verifiedUs }) => verifiedUs === Date.UTC(2000, 0) * 1000)).toBe(true);
});

test("verify finds a flipped byte, a missing file and a file too many; a damaged file is made anew before its day goes", async () => {
  await archive.keeper.store(history(archive.keeper.nowUs, 3, 0, US_PER_HOUR));
  await archive.keeper.refreshed();
  archive.startArchiver();
  await archived();
  await archive.stopArchivers();
  const [first, second, third] = (await archive.entries())
    .flatMap(({ file }) => file ?? [])
    .map((file) => join(archive.folder, file));
  if (first === undefined || second === undefined || third === undefined) throw new Error("there are three files");
  const bytes = await readFile(first);
  // In the statistics of a column.
  bytes[bytes.length - 200] = (bytes[bytes.length - 200] ?? 0) ^ 4;
  await writeFile(first, bytes);
  await writeFile(join(third, "..", "77.parquet"), bytes);
  await rm(second);
  const lines: string[] = [];
  expect(await archive.verify((line) => lines.push(line))).toBe(3);
  expect(lines.join("\n")).toMatch(/77\.parquet is named by no entry/);
  // Nothing goes whose file was not read back lately.
  await archive.sql`update archive_days set verified_at = fx_clock() - interval '3 days'`;
  await archive.keeper.migrate({ retentionDays: 1 });
  archive.startArchiver();
  await eventually(async () => {
    await rm(join(third, "..", "77.parquet"), { force: true });
    return (await archive.verify(() => {})) === 0;
  });
});

/** A number from 0 to 1, the same ones in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

test("whatever happens to archivers, sessions and the store, every tick is in one place, and the files are those of the table", async () => {
  const next = numbers(20_251_205);
  const { sql, keeper, store } = archive;
  await keeper.store(history(keeper.nowUs, 12, 0, 3 * US_PER_HOUR));
  await keeper.refreshed();
  await keeper.migrate({ retentionDays: 8 });
  store.failEvery = 17;
  store.tearEvery = 10;
  archive.startArchiver();
  archive.startArchiver();
  const expected = new Map<string, Tick>();
  for (const tick of await sql<Tick[]>`select symbol, time as "timeUs", seq, price from ticks`)
    expected.set(keyOf(tick), tick);
  for (let round = 0; round < 40; round += 1) {
    const act = next();
    if (act < 0.5) await write();
    else if (act < 0.7) await correct();
    else if (act < 0.8)
      await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'fx archive%' and random() < 0.7`;
    else if (act < 0.9) await keeper.migrate({ retentionDays: next() < 0.5 ? 9 : 8 });
    else await moveClock(Math.round(next() * 3) * US_PER_HOUR + (round > 20 ? US_PER_DAY : 0));
  }
  store.failEvery = Number.POSITIVE_INFINITY;
  store.tearEvery = Number.POSITIVE_INFINITY;
  await keeper.migrate({ retentionDays: 8 });
  const seen = new Set<string>();
  const dropped = async () => {
    seen.add((await archive.allTicks()).join());
    const { droppedBeforeUs } = await keeper.mark();
    return droppedBeforeUs >= dayStart(8) && ((await keeper.oldestTick()) ?? 0) >= droppedBeforeUs;
  };
  await eventually(dropped, { what: "expired ticks to be dropped", timeoutMs: 90_000 });
  expect([...seen]).toEqual([[...expected.values()].map(tickText).sort().join()]);
  await archived();
  // What a commit whose answer was lost may have named stays for a day.
  const differ = async () => {
    const lines: string[] = [];
    await archive.verify((line) => lines.push(line));
    return lines.filter((line) => !/named by no entry|days compared/.test(line));
  };
  await eventually(async () => (await differ()).length === 0, { timeoutMs: 60_000 });

  /** A clock that jumps beside a worker keeps expired ticks until somebody has looked. */
  async function moveClock(byUs: number): Promise<void> {
    await keeper.stopWorker();
    await keeper.moveClock(byUs);
    keeper.startWorker();
  }

  function keyOf({ symbol, timeUs, seq }: Tick): string {
    return `${symbol} ${timeUs} ${seq}`;
  }

  async function write(): Promise<void> {
    const timeUs = Math.floor(keeper.nowUs - next() * 8 * US_PER_DAY);
    const tick = { symbol: next() < 0.5 ? "EURUSD" : "X+", timeUs, price: 1 + next() };
    try {
      await keeper.store([tick]);
      expected.set(keyOf({ ...tick, seq: 0 }), { ...tick, seq: 0 });
    } catch (error) {
      // Plain PostgreSQL refuses what is dropped; services do elsewhere.
      if (!String(error).includes("not kept any more")) throw error;
    }
  }

  async function correct(): Promise<void> {
    const { droppedBeforeUs } = await keeper.mark();
    const some = [...expected.values()].filter(({ timeUs }) => timeUs > Math.max(droppedBeforeUs, dayStart(7)));
    const tick = some[Math.floor(next() * some.length)];
    if (tick === undefined) return;
    const { symbol, timeUs, seq } = tick;
    if (next() < 0.5) {
      await sql`delete from ticks where symbol = ${symbol} and time = ${timeUs} and seq = ${seq}::smallint`;
      expected.delete(keyOf(tick));
      return;
    }
    const price = 2 + next();
    await sql`update ticks set price = ${price}::float8 where symbol = ${symbol} and time = ${timeUs} and seq = ${seq}::smallint`;
    expected.set(keyOf(tick), { ...tick, price });
  }
}, 120_000);

import { eventually } from "@fx-ohlc/embedded";
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { history, Keeper } from "./keeper.js";

/** What an operator can do to TimescaleDB by hand. Plain PostgreSQL has none of it. */
let keeper: Keeper;
afterEach(() => keeper.close());

async function openWithHistory(): Promise<Keeper> {
  const opened = await Keeper.open({ retentionDays: 0 });
  await opened.store(history(opened.nowUs, 12, 0, 17 * US_PER_MINUTE));
  opened.startWorker();
  await opened.refreshed();
  return opened;
}

test("the mark follows chunks that are dropped by hand, and their bars stay", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  const before = await keeper.bars();
  await keeper.sql`select drop_chunks('ticks', older_than => interval '5 days')`;
  await eventually(() => keeper.notices.find((notice) => notice.includes("dropped by hand")));
  const { droppedBeforeUs, wholeFromUs } = await keeper.mark();
  expect(wholeFromUs).toBe(droppedBeforeUs);
  expect(keeper.nowUs - droppedBeforeUs).toBeLessThan(6 * US_PER_DAY + US_PER_HOUR);
  await keeper.store([{ symbol: "LATE", timeUs: keeper.nowUs - US_PER_DAY, price: 1 }]);
  await keeper.refreshed();
  expect((await keeper.bars()).filter(({ symbol }) => symbol !== "LATE")).toEqual(before);
});

test("chunks that are dropped by hand while nobody looks are found before anything is refreshed", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  const before = await keeper.bars();
  await keeper.stopWorker();
  await keeper.sql`select drop_chunks('ticks', older_than => interval '5 days')`;
  // A late tick makes one of them anew, which looks as if nothing had happened.
  await keeper.store([{ symbol: "LATE", timeUs: keeper.nowUs - 8 * US_PER_DAY, price: 1 }]);
  keeper.startWorker();
  await keeper.refreshed();
  expect((await keeper.bars()).filter(({ symbol }) => symbol !== "LATE")).toEqual(before);
  expect(keeper.notices).toEqual(
    expect.arrayContaining([expect.stringContaining("by hand"), expect.stringContaining("bars stay as they are")]),
  );
});

test("no refresh changes bars of dropped ticks, whoever asks for it and however", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  const before = await keeper.bars();
  await keeper.stopWorker();
  await keeper.sql`select drop_chunks('ticks', older_than => interval '5 days')`;
  const session = await keeper.sql.reserve();
  const refresh = async (force: boolean) => {
    for (const level of ["minute", "hour", "day"]) {
      await session.unsafe(`call refresh_continuous_aggregate('ohlc_${level}', null, null, force => ${force})`);
    }
  };
  await refresh(false);
  expect(await keeper.bars()).toEqual(before);
  keeper.startWorker();
  await eventually(() => keeper.notices.find((notice) => notice.includes("dropped by hand")));
  await keeper.stopWorker();
  for (const merges of ["on", "off"]) {
    await session.unsafe(`set timescaledb.enable_merge_on_cagg_refresh = ${merges}`);
    await refresh(true);
    expect(await keeper.bars()).toEqual(before);
  }
  session.release();
});

test("refresh_bars takes the names of levels as they are, and leaves no lock behind where it cannot run", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  const before = await keeper.bars();
  await keeper.sql`select drop_chunks('ticks', older_than => interval '5 days')`;
  for (const level of ["Minute", "MINUTE", "week", "", null]) {
    const call = keeper.sql`call refresh_bars(${level}, now() - interval '2 hours', now())`;
    await expect(call).rejects.toMatchObject({ code: "22023" });
  }
  const inside = keeper.sql.begin((transaction) => transaction`call refresh_bars('minute', null, now())`);
  await expect(inside).rejects.toMatchObject({ code: "2D000" });
  await keeper.stopWorker();
  const locks = await keeper.sql`
    select 1 from pg_locks join pg_database on pg_database.oid = database
     where locktype = 'advisory' and objid = 5064224 and datname = current_database()`;
  expect(locks).toHaveLength(0);
  expect(await keeper.bars()).toEqual(before);
});

test("refresh_bars without a beginning refreshes all there is, as often as it is called, and knows when there is nothing to do", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  await keeper.stopWorker();
  const before = await keeper.bars();
  // As COPY from another database stores it: nothing of this system is told.
  await keeper.sql`insert into ticks (symbol, time, seq, price) values ('COPIED', now() - interval '9 days', 0, 1)`;
  for (const range of ["null, now()", "null, 'infinity'", "null, null", "now() - interval '1 minute', now()"])
    for (const level of ["minute", "hour", "day"]) await keeper.sql.unsafe(`call refresh_bars('${level}', ${range})`);
  const bars = await keeper.bars();
  expect(bars.filter(({ symbol }) => symbol === "COPIED").map(({ level }) => level)).toEqual(["day", "hour", "minute"]);
  expect(bars.filter(({ symbol }) => symbol !== "COPIED")).toEqual(before);
});

test("policies made by hand are removed, and told", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  await keeper.stopWorker();
  await keeper.sql`select add_retention_policy('ticks', drop_after => interval '400 days')`;
  await keeper.sql`
    select add_continuous_aggregate_policy('ohlc_minute', start_offset => interval '1 hour',
             end_offset => interval '10 minutes', schedule_interval => interval '1 day')`;
  keeper.startWorker();
  await eventually(() => keeper.notices.filter((notice) => notice.includes("policy")).length === 2);
  const jobs = await keeper.sql`
    select 1 from timescaledb_information.jobs
     where proc_name in ('policy_retention', 'policy_refresh_continuous_aggregate')`;
  expect(jobs).toHaveLength(0);
});

test("new ticks are seen after somebody has refreshed up to the present and beyond", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  const now = { symbol: "NOW", timeUs: keeper.nowUs, price: 1 };
  await keeper.store([now]);
  for (const level of ["minute", "hour", "day"]) {
    await keeper.sql.unsafe(`call refresh_continuous_aggregate('ohlc_${level}', now() - interval '3 days', null)`);
  }
  await keeper.store([{ ...now, timeUs: now.timeUs + 1, price: 2 }]);
  const closes = async () => (await keeper.bars()).filter(({ symbol }) => symbol === "NOW").map(({ close }) => close);
  await eventually(async () => (await closes()).join() === "2,2,2");
});

test("bars stay whole when no refresh ran for days and one with a late start is the first", async () => {
  keeper = await Keeper.open();
  if (!keeper.onTimescaleDb) return;
  const ticks = history(keeper.nowUs, 3, 0, US_PER_MINUTE);
  await keeper.sql`
    insert into ticks (symbol, time, seq, price)
    select symbol, time, 0, price
      from unnest(${ticks.map(({ symbol }) => symbol)}::text[], ${ticks.map(({ timeUs }) => timeUs)}::timestamptz[],
                  ${ticks.map(({ price }) => price)}::float8[]) as t(symbol, time, price)`;
  const before = await keeper.bars();
  keeper.startWorker();
  await eventually(async () => {
    const [row] = await keeper.sql<{ at: number }[]>`select materialised_to('minute') as at`;
    return row !== undefined && row.at > keeper.nowUs - US_PER_HOUR;
  });
  expect(await keeper.bars()).toEqual(before);
});

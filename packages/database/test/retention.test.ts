import { eventually } from "@fx-ohlc/embedded";
import { bucketStart, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { readCommitRules } from "../src/commit-rules.js";
import { openPool } from "../src/sql.js";
import { history, Keeper } from "./keeper.js";

const EVERY_US = 17 * US_PER_MINUTE;

let keeper: Keeper;
afterEach(() => keeper.close());

/** Twenty days of ticks whose bars are all there. */
async function openWithHistory(retentionDays: number, days = 20): Promise<Keeper> {
  const opened = await Keeper.open({ retentionDays });
  await opened.store(history(opened.nowUs, days, 0, EVERY_US));
  return opened;
}

test("a longer retention, or none, never changes a bar whose ticks are dropped", async () => {
  keeper = await openWithHistory(0);
  keeper.startWorker();
  await keeper.refreshed();
  const before = await keeper.bars();
  await keeper.migrate({ retentionDays: 8 });
  await keeper.dropped(8);
  const mark = await keeper.mark();
  for (const retentionDays of [25, 0, 9]) {
    await keeper.migrate({ retentionDays });
    await keeper.stopWorker();
    keeper.startWorker();
    // A late tick makes the worker refresh, from wherever it believes it may.
    const late = { symbol: "LATE", timeUs: keeper.nowUs - 2 * US_PER_HOUR - retentionDays * US_PER_MINUTE, price: 1 };
    await keeper.store([late]);
    await keeper.refreshed();
    await eventually(async () => (await keeper.bars()).some(({ symbol }) => symbol === "LATE"));
    expect((await keeper.bars()).filter(({ symbol }) => symbol !== "LATE")).toEqual(before);
    expect(await keeper.mark()).toEqual(mark);
  }
});

test("after an outage everything is in the bars before its ticks are dropped", async () => {
  keeper = await openWithHistory(8, 3);
  const newest = keeper.nowUs;
  await keeper.moveClock(10 * US_PER_DAY);
  keeper.startWorker();
  await keeper.store([{ symbol: "LIVE", timeUs: keeper.nowUs, price: 1 }]);
  await keeper.dropped(8);
  const bars = (await keeper.bars()).filter(({ symbol }) => symbol !== "LIVE");
  for (const level of ["minute", "hour", "day"]) {
    const counts = bars.filter((bar) => bar.level === level).map((bar) => bar.tick_count);
    expect(counts.reduce((sum, count) => sum + count)).toBe(history(newest, 3, 0, EVERY_US).length);
  }
  const old = await keeper.sql`select 1 from ticks where symbol <> 'LIVE'`;
  expect(old).toHaveLength(0);
});

test("a system that is started with its clock days ahead drops nothing that is not old beside its newest tick", async () => {
  keeper = await openWithHistory(8, 12);
  await keeper.moveClock(10 * US_PER_DAY);
  keeper.startWorker();
  const newest = keeper.nowUs - 10 * US_PER_DAY;
  await eventually(async () => (await keeper.mark()).wholeFromUs > 0);
  // The newest tick may be the first of an FX day, which is 26 hours at most.
  expect((await keeper.mark()).droppedBeforeUs).toBeLessThanOrEqual(newest + 26 * US_PER_HOUR - 8 * US_PER_DAY);
});

test("late ticks around the start of a New York day are in both day bars", async () => {
  keeper = await Keeper.open({ dayBoundary: { hour: 17, timezone: "America/New_York" } });
  const start = bucketStart(keeper.nowUs - 9 * US_PER_DAY, "1d", { hour: 17, timezone: "America/New_York" });
  const at = (hours: number, price: number) => ({ symbol: "EURUSD", timeUs: start + hours * US_PER_HOUR, price });
  await keeper.store([at(-20, 1), at(1.5, 1), at(13, 2), at(60, 2)]);
  keeper.startWorker();
  await keeper.refreshed();
  await eventually(async () => (await keeper.bars()).some(({ level }) => level === "day"));
  await keeper.store([at(-1.5, 5), at(0.5, 5)]);
  await keeper.refreshed();
  const days = (await keeper.bars()).filter(({ level }) => level === "day");
  expect(days.map(({ tick_count }) => tick_count)).toEqual([2, 3, 1]);
});

test("ticks are not dropped before every transaction that knew the earlier mark has ended", async () => {
  keeper = await openWithHistory(0);
  keeper.startWorker();
  await keeper.refreshed();
  const timeUs = keeper.nowUs - 15 * US_PER_DAY + 30_000_000;
  let markUs = 0;
  await keeper.sql.begin(async (writer) => {
    const { horizonUs } = await readCommitRules(writer);
    expect(timeUs).toBeGreaterThan(horizonUs);
    await keeper.migrate({ retentionDays: 8 });
    await eventually(async () => (await keeper.mark()).droppedBeforeUs > timeUs);
    const mark = await keeper.mark();
    markUs = mark.droppedBeforeUs;
    expect(mark.wholeFromUs).toBeLessThan(timeUs);
    if (keeper.onTimescaleDb) {
      await writer`insert into ticks (symbol, time, seq, price) values ('OPEN', ${timeUs}, 0, 1)`;
      await writer`
        insert into refresh_queue (symbol, from_time, to_time, reason)
        values ('OPEN', ${timeUs}, ${timeUs + 1}, 'late')`;
    }
  });
  await keeper.dropped(8);
  expect((await keeper.mark()).droppedBeforeUs).toBe(markUs);
  const own = (await keeper.bars()).filter(({ symbol }) => symbol === "OPEN");
  expect(own.map(({ tick_count }) => tick_count)).toEqual(keeper.onTimescaleDb ? [1, 1, 1] : []);
});

test("chunks are not dropped under a reader whose snapshot is older than what was materialised of them", async () => {
  keeper = await openWithHistory(8);
  const reader = openPool({ url: keeper.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
  const days = await keeper.sql`select symbol, bucket, tick_count from ohlc_day order by symbol, bucket`;
  await reader.begin("isolation level repeatable read", async (transaction) => {
    await transaction`select 1 from settings`;
    keeper.startWorker();
    await eventually(async () => (await keeper.mark()).wholeFromUs > 0);
    // The worker has gone round once more by then.
    await keeper.store([{ symbol: "LATE", timeUs: keeper.nowUs - 2 * US_PER_DAY, price: 1 }]);
    await keeper.refreshed();
    const seen = await transaction`select symbol, bucket, tick_count from ohlc_day order by symbol, bucket`;
    expect(seen).toEqual(days);
  });
  await reader.end();
  await keeper.dropped(8);
});

test("a worker that is gone in the middle of dropping leaves the rest to the next", async () => {
  keeper = await openWithHistory(0, 20);
  keeper.startWorker();
  await keeper.refreshed();
  const before = await keeper.bars();
  await keeper.sql`update retention_mark set dropped_before = date_trunc('day', now() - interval '8 days', 'UTC')`;
  await keeper.sql`update retention_mark set whole_from = dropped_before`;
  await keeper.stopWorker();
  await keeper.sql.begin(async (half) => {
    await half`set local fx.keep_bars = 'on'`;
    if (keeper.onTimescaleDb) await half`select drop_chunks('ticks', older_than => interval '15 days')`;
    else await half`delete from ticks where symbol = 'EURUSD' and time < now() - interval '12 days 5 hours'`;
  });
  await keeper.migrate({ retentionDays: 8 });
  keeper.startWorker();
  await keeper.dropped(8);
  expect(await keeper.bars()).toEqual(before);
});

test("while the clocks are more than an hour apart nothing is dropped", async () => {
  keeper = await openWithHistory(8);
  const oldest = await keeper.oldestTick();
  await keeper.moveClock(3 * US_PER_DAY, true);
  keeper.startWorker();
  await eventually(() => keeper.notices.find((notice) => notice.includes("clocks disagree")));
  expect(await keeper.oldestTick()).toBe(oldest);
  await keeper.stopWorker();
  await keeper.moveClock(0);
  keeper.startWorker();
  await keeper.dropped(8);
});

test("a clock that jumps while the worker runs stops drops until it is confirmed", async () => {
  keeper = await openWithHistory(8);
  keeper.startWorker();
  await keeper.dropped(8);
  const mark = await keeper.mark();
  await keeper.moveClock(3 * US_PER_DAY);
  await eventually(() => keeper.notices.find((notice) => notice.includes("CONFIRM_CLOCK")));
  await keeper.stopWorker();
  keeper.startWorker();
  await keeper.store([{ symbol: "LATE", timeUs: keeper.nowUs - US_PER_DAY, price: 1 }]);
  await keeper.refreshed();
  expect(await keeper.mark()).toEqual(mark);
  const lines: string[] = [];
  await keeper.migrate({ confirmClock: true, log: (line) => lines.push(line) });
  expect(lines).toEqual([expect.stringContaining("jumped ahead by 72.0 h")]);
  await keeper.dropped(8);
});

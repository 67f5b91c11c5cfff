import { eventually } from "@fx-ohlc/embedded";
import { type DayBoundary, type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { readMaintenance } from "../src/maintenance-state.js";
import { queueRefresh } from "../src/refresh-queue.js";
import { history, Keeper, type StoredBar } from "./keeper.js";

let keeper: Keeper;
afterEach(() => keeper.close());

const SCATTERED_DAYS = 700;

/** A tick a day of one symbol, from `SCATTERED_DAYS` before now to 3 days before. */
function scattered(symbol: string, minutes: number) {
  return Array.from({ length: SCATTERED_DAYS - 3 }, (_, place) => ({
    symbol,
    timeUs: keeper.nowUs - (SCATTERED_DAYS - place) * US_PER_DAY + minutes * US_PER_MINUTE,
    price: 1 + (place % 7),
  }));
}

async function openWithHistory(dayBoundary: DayBoundary = { hour: 22, timezone: "UTC" }): Promise<Keeper> {
  keeper = await Keeper.open({ chunkDays: 31, dayBoundary });
  await keeper.store(scattered("EURUSD", 0));
  keeper.startWorker();
  await keeper.refreshed();
  return keeper;
}

/** What the bars of minutes and hours must be, from the ticks. */
async function barsOfTicks(): Promise<unknown[]> {
  const bars = await keeper.sql<StoredBar[]>`
    select level, symbol, date_trunc(level, time, 'UTC') as bucket, (array_agg(price order by time, seq))[1] as open,
           max(price) as high, min(price) as low, (array_agg(price order by time desc, seq desc))[1] as close, count(*) as tick_count
      from ticks, unnest(array['hour', 'minute']) as level
     group by level, symbol, bucket
     order by level, symbol, bucket`;
  return [...bars];
}

async function expectExact(): Promise<void> {
  const bars = await keeper.bars();
  expect(bars.filter(({ level }) => level !== "day")).toEqual(await barsOfTicks());
  const ticksIn = (level: string) =>
    bars.filter((bar) => bar.level === level).reduce((count, bar) => count + bar.tick_count, 0);
  expect(ticksIn("day")).toBe(ticksIn("minute"));
  const days = bars.filter(({ level }) => level === "day").map(({ symbol, bucket }) => `${symbol} ${bucket}`);
  expect(new Set(days).size).toBe(days.length);
}

/** As PUT or DELETE does it. */
async function correct(timeUs: Micros, change: "put" | "delete"): Promise<number> {
  return keeper.sql.begin(async (transaction) => {
    if (change === "put") await transaction`update ticks set price = 9 where symbol = 'EURUSD' and time = ${timeUs}`;
    else await transaction`delete from ticks where symbol = 'EURUSD' and time = ${timeUs}`;
    const window = { symbol: "EURUSD", fromUs: timeUs, toUs: timeUs + 1, reason: "correction" as const };
    const [id] = await queueRefresh(transaction, keeper.engine, [window]);
    return id ?? 0;
  });
}

test.each([
  { hour: 22, timezone: "UTC" },
  { hour: 17, timezone: "America/New_York" },
])(
  "late ticks, corrections and deletions all over history leave the bars that the ticks give (%j)",
  async (boundary) => {
    await openWithHistory(boundary);
    // Minutes of their own, a minute that has a tick already, and one more symbol.
    await keeper.store([...scattered("EURUSD", 1), ...scattered("GBPUSD", 90)]);
    await keeper.store(history(keeper.nowUs, 9, 6, 7 * US_PER_MINUTE));
    const times = scattered("EURUSD", 1).map(({ timeUs }) => timeUs);
    const [first] = await keeper.sql<
      { time: Micros }[]
    >`select time from ticks where symbol = 'EURUSD' order by time limit 1`;
    for (const timeUs of [first?.time ?? 0, times[100] ?? 0, times[500] ?? 0]) await correct(timeUs, "delete");
    const [last] = await keeper.sql<{ time: Micros }[]>`
    select time from ticks where symbol = 'EURUSD' and time < now() - interval '10 days' order by time desc limit 1`;
    await correct(last?.time ?? 0, "put");
    await keeper.refreshed();
    await expectExact();
  },
);

test("a correction and a single late tick do not wait until history is worked off, and it is said how long that takes", async () => {
  await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  await keeper.stopWorker();
  for (let symbol = 0; symbol < 6; symbol += 1) await keeper.store(scattered(`S${symbol}`, 2));
  const before = await readMaintenance(keeper.sql, keeper.engine);
  expect(before.windows).toBe(6 * (SCATTERED_DAYS - 3));
  expect(before.etaS).toBeGreaterThan(0);
  keeper.startWorker();
  const waiting = async () => (await readMaintenance(keeper.sql, keeper.engine)).windows;
  await eventually(async () => (await waiting()) < before.windows);
  const [oldest] = await keeper.sql<{ time: Micros }[]>`select time from ticks order by time limit 1`;
  const id = await correct(oldest?.time ?? 0, "put");
  await keeper.store([{ symbol: "ONE", timeUs: (oldest?.time ?? 0) - US_PER_DAY, price: 1 }]);
  const left = await eventually(async () => {
    const [row] = await keeper.sql<{ urgent: number; left: number }[]>`
      select count(*) filter (where id >= ${id} and (id = ${id} or symbol = 'ONE')) as urgent, count(*) as left from refresh_queue`;
    return row?.urgent === 0 ? row.left : undefined;
  });
  expect(left).toBeGreaterThan(0);
  await keeper.refreshed();
  await expectExact();
  expect((await readMaintenance(keeper.sql, keeper.engine)).etaS).toBe(0);
});

test("what others store in the past without a word is found and put into the bars", async () => {
  await openWithHistory();
  await keeper.sql`
    insert into ticks (symbol, time, seq, price)
    select 'COPIED', now() - make_interval(days => day), 0, 1 from generate_series(4, ${SCATTERED_DAYS}::int, 5) day`;
  await eventually(() => expectExact().then(() => true), { what: "the bars to hold them", intervalMs: 200 });
});

test("hours of late ticks are refreshed in slices, and a worker that is stopped in the middle leaves the rest to the next", async () => {
  await openWithHistory();
  for (let day = 20; day > 10; day -= 1) await keeper.store(history(keeper.nowUs, day, day - 1, US_PER_HOUR / 2));
  if (keeper.onTimescaleDb) {
    await keeper.sql`
      insert into refresh_queue (symbol, from_time, to_time, reason)
      values ('EURUSD', now() - interval '600 days', now() - interval '9 days', 'late')`;
    await eventually(async () => {
      const whole = await keeper.sql`select 1 from refresh_queue where to_time - from_time > interval '590 days'`;
      return whole.length === 0;
    });
    await keeper.stopWorker();
    keeper.startWorker();
  }
  await keeper.refreshed();
  await expectExact();
});

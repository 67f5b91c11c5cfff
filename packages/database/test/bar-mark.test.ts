import { eventually } from "@fx-ohlc/embedded";
import { type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { closeBars } from "../src/close-bars.js";
import { asQuotes, history, Keeper } from "./keeper.js";

/** Which bars are closed, and that readers know when that is another history. */
const SOON = { everyMs: 0, afterUs: 6 * US_PER_MINUTE };

interface Mark {
  readonly mark: number;
  readonly closing: Micros;
  readonly minute: Micros;
  readonly hour: Micros;
  readonly day: Micros;
}

let keeper: Keeper;
beforeEach(async () => {
  keeper = await Keeper.open({ retentionDays: 0 });
  await keeper.store(history(keeper.nowUs, 4, 0, 17 * US_PER_MINUTE));
});
afterEach(() => keeper.close());

async function markNow(): Promise<Mark> {
  const [mark] = await keeper.sql<Mark[]>`
    select mark, closing_minute as closing, minute_to as minute, hour_to as hour, day_to as day from bar_mark`;
  if (mark === undefined) throw new Error("there is no mark");
  return mark;
}

async function marks(): Promise<number[]> {
  return (await keeper.sql<{ mark: number }[]>`select mark from bar_marks order by made_at`).map(({ mark }) => mark);
}

test("the leader closes what ended six minutes ago, level by level, under a new mark each time", async () => {
  const first = await markNow();
  expect(first.minute).toBeLessThan(0);
  keeper.startWorker(SOON);
  const goal = () => Math.floor((keeper.nowUs - SOON.afterUs) / US_PER_MINUTE) * US_PER_MINUTE;
  // TimescaleDB materialises up to the last bar that ended ten minutes ago.
  const behindUs = keeper.onTimescaleDb ? 30 * US_PER_MINUTE : 2 * US_PER_MINUTE;
  await eventually(async () => (await markNow()).minute >= goal() - behindUs, { what: "minutes to be closed" });
  const { minute, hour, day, mark } = await markNow();
  expect(minute).toBeLessThanOrEqual(goal());
  expect([minute % US_PER_MINUTE, hour % US_PER_HOUR, day % US_PER_DAY]).toEqual([0, 0, 22 * US_PER_HOUR]);
  expect([hour <= minute, day <= hour, day > keeper.nowUs - 4 * US_PER_DAY]).toEqual([true, true, true]);
  expect(await marks()).toEqual(expect.arrayContaining([first.mark, mark]));
});

test("the first quote ends what was closed without quotes, and where no more come bars are closed as before", async () => {
  await closeBars(keeper.sql, keeper.nowUs - SOON.afterUs);
  const { minute, mark } = await markNow();
  await keeper.store(asQuotes([{ symbol: "GBPUSD", timeUs: keeper.nowUs - 2 * US_PER_DAY, price: 2 }]));
  if (keeper.onTimescaleDb) expect(await marks()).not.toContain(mark);
  expect((await markNow()).minute < minute).toBe(keeper.onTimescaleDb);
  keeper.startWorker(SOON);
  await eventually(async () => (await markNow()).minute >= minute, { what: "bars of both families to be closed" });
  if (keeper.onTimescaleDb) {
    const [row] =
      await keeper.sql`select count(*) as bars from quote_minute where symbol = '' and bucket > '2000-01-01'`;
    expect(row).toEqual({ bars: 0 });
  }
});

test("nobody closes bars of quotes that are not stored", async () => {
  if (!keeper.onTimescaleDb) return;
  await keeper.store(asQuotes([{ symbol: "GBPUSD", timeUs: keeper.nowUs - 2 * US_PER_DAY, price: 2 }]));
  await keeper.sql`call refresh_continuous_aggregate('ohlc_minute', null, now() - interval '1 day')`;
  await keeper.sql`update bar_mark set closing_minute = now() - interval '3 days'`;
  expect((await markNow()).closing).toBeLessThan(0);
  await keeper.sql`call refresh_continuous_aggregate('quote_minute', null, now() - interval '1 day')`;
  await keeper.sql`update bar_mark set closing_minute = now() - interval '1 day'`;
  const closedUs = keeper.nowUs - 2 * US_PER_DAY;
  expect((await markNow()).closing).toBeGreaterThan(closedUs - US_PER_MINUTE);
  expect((await markNow()).closing).toBeLessThan(closedUs + 2 * US_PER_MINUTE);
});

test("a transaction that began to write before bars are being closed is waited for, one of another database is not", async () => {
  await keeper.sql`select 1`;
  const other = await Keeper.open();
  const writing = (who: Keeper, until: Promise<void>) =>
    who.sql.begin(async (transaction) => {
      await transaction`insert into ticks (symbol, time, seq, price) values ('OPEN', now() - interval '7 minutes', 0, 1)`;
      await until;
    });
  let commit = () => {};
  const committed = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let commitOther = () => {};
  const elsewhere = writing(
    other,
    new Promise((resolve) => {
      commitOther = resolve;
    }),
  );
  const open = writing(keeper, committed);
  keeper.startWorker(SOON);
  const { minute } = await markNow();
  await eventually(async () => (await markNow()).closing > minute, { what: "bars to be in closing" });
  // Two more looks of the leader.
  await eventually(async () => (await renewals()) >= 2, { what: "the leader to have looked" });
  expect((await markNow()).minute).toBe(minute);
  commit();
  await open;
  await eventually(async () => (await markNow()).minute > minute, { what: "bars to be closed" });
  commitOther();
  await elsewhere;
  await other.close();
});

async function renewals(): Promise<number> {
  const [row] = await keeper.sql<{ renewals: number }[]>`select renewals from maintenance`;
  return row?.renewals ?? 0;
}

test("where a level of bars is emptied, or goes back to what ticks say, no mark of before is left", async () => {
  const upheavals: (() => Promise<unknown>)[] = [
    async () => keeper.sql`truncate ohlc_hour`,
    async () => keeper.moveClock(-US_PER_DAY),
  ];
  if (keeper.onTimescaleDb) {
    upheavals.push(setWatermarkBack);
    upheavals.push(async () => keeper.sql`select drop_chunks('ohlc_day', older_than => '2200-01-01'::timestamptz)`);
    upheavals.push(truncateOneChunk);
  }
  for (const upheaval of upheavals) {
    await closeBars(keeper.sql, keeper.nowUs - SOON.afterUs);
    const before = await markNow();
    await upheaval();
    keeper.startWorker(SOON);
    await eventually(async () => !(await marks()).includes(before.mark), { what: "another history" });
    await keeper.stopWorker();
    await keeper.moveClock(0);
  }
});

/** As an operator can. */
async function setWatermarkBack(): Promise<unknown> {
  return keeper.sql`
    update _timescaledb_catalog.continuous_aggs_watermark as mark
       set watermark = watermark - ${US_PER_DAY}
      from _timescaledb_catalog.continuous_agg as bars
     where bars.mat_hypertable_id = mark.mat_hypertable_id
       and bars.user_view_name = 'ohlc_minute' and bars.user_view_schema = current_schema()`;
}

/** By hand, past the hypertable that it is a part of. */
async function truncateOneChunk(): Promise<unknown> {
  const [chunk] = await keeper.sql<{ name: string }[]>`select show_chunks('ohlc_minute')::text as name limit 1`;
  if (chunk === undefined) throw new Error("there are no chunks of bars");
  return keeper.sql.unsafe(`truncate ${chunk.name}`);
}

test("marks are kept for three days, and a hundred however old they are", async () => {
  await keeper.sql`
    insert into bar_marks (mark, made_at)
    select n, now() - case when n <= 300 then interval '4 days' else interval '2 days' end + n * interval '1 second'
      from generate_series(1, 350) n`;
  await closeBars(keeper.sql, keeper.nowUs - SOON.afterUs);
  const kept = await marks();
  expect(kept).toHaveLength(100);
  expect(kept).toEqual(expect.arrayContaining([350, 301, 300, (await markNow()).mark]));
  expect(kept).not.toContain(200);
});

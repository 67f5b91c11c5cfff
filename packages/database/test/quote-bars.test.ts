import { eventually } from "@fx-ohlc/embedded";
import { type Micros, US_PER_DAY, US_PER_MINUTE, US_PER_SECOND } from "@fx-ohlc/schemas";
import { readCommitRules } from "../src/commit-rules.js";
import { queueRefresh } from "../src/refresh-queue.js";
import type { Transaction } from "../src/sql.js";
import { hearSymbols } from "../src/symbols.js";
import { Keeper } from "./keeper.js";

let keeper: Keeper;
beforeAll(async () => {
  keeper = await Keeper.open();
  keeper.startWorker();
});
afterAll(() => keeper.close());

/** What is worked off in the background, ms. */
const SWEPT_WITHIN_MS = 60_000;
const LEVELS = ["minute", "hour", "day"] as const;

/** So many quotes from an instant on, one in 20 s. */
async function insertQuotes(sql: Transaction, symbol: string, fromUs: Micros, count: number): Promise<Micros[]> {
  const times = Array.from({ length: count }, (_, index) => fromUs + index * 20 * US_PER_SECOND);
  await sql`
    insert into ticks (symbol, time, seq, price, bid, ask)
    select ${symbol}::text, time, 0, bid + 0.000015, bid, round((bid + 0.00003)::numeric, 8)::float8
      from (select time, round(1.1 + (row_number() over () * 7 % 13) / 3e4::numeric, (5 + row_number() over () % 4)::int)::float8 as bid
              from unnest(${times}::timestamptz[]) as time) quotes`;
  return times;
}

/** As tick-ingest stores them. */
async function store(symbol: string, fromUs: Micros, count: number): Promise<void> {
  await keeper.sql.begin(async (transaction) => {
    const { lateBeforeUs } = await readCommitRules(transaction);
    const times = await insertQuotes(transaction, symbol, fromUs, count);
    await hearSymbols(transaction, [symbol], [symbol]);
    const late = times.filter((timeUs) => timeUs < lateBeforeUs);
    const windows = late.map((timeUs) => ({ symbol, fromUs: timeUs, toUs: timeUs + 1, reason: "late" as const }));
    await queueRefresh(transaction, keeper.engine, windows);
  });
}

/** Somebody who does not tell of them. */
function storeByHand(symbol: string, fromUs: Micros, count: number): Promise<unknown> {
  return keeper.sql.begin((transaction) => insertQuotes(transaction, symbol, fromUs, count));
}

/** Quote bars as they are, and as the ticks give them without any of what keeps bars. */
async function barsAndTruth(level: (typeof LEVELS)[number]) {
  const { sql } = keeper;
  const bucket = sql`date_bin(${`1 ${level}`}::interval, time, '2000-01-01 22:00:00+00')`;
  const bars = await sql`
    select symbol, bucket, bid_open, bid_high, bid_low, bid_close, ask_open, ask_high, ask_low, ask_close,
           spread_min, spread_max, trim_scale(spread_sum) as spread_sum, quote_count
      from ${sql(`quote_${level}`)}
     where bucket between ${keeper.nowUs - 60 * US_PER_DAY} and ${keeper.nowUs + US_PER_DAY} order by symbol, bucket`;
  const truth = await sql`
    select symbol, ${bucket} as bucket,
           (array_agg(bid order by time, seq))[1] as bid_open, max(bid) as bid_high, min(bid) as bid_low,
           (array_agg(bid order by time desc, seq desc))[1] as bid_close,
           (array_agg(ask order by time, seq))[1] as ask_open, max(ask) as ask_high, min(ask) as ask_low,
           (array_agg(ask order by time desc, seq desc))[1] as ask_close,
           min(ask::text::numeric - bid::text::numeric)::float8 as spread_min,
           max(ask::text::numeric - bid::text::numeric)::float8 as spread_max,
           trim_scale(sum(ask::text::numeric - bid::text::numeric)) as spread_sum, count(*) as quote_count
      from ticks where bid is not null group by 1, 2 order by 1, 2`;
  return { bars: [...bars], truth: [...truth] };
}

async function expectExact(): Promise<void> {
  for (const level of LEVELS) {
    const { bars, truth } = await barsAndTruth(level);
    expect(bars).toEqual(truth);
  }
}

async function untilExact(): Promise<void> {
  const isExact = async () => {
    const all = await Promise.all(LEVELS.map(barsAndTruth));
    return all.every(({ bars, truth }) => JSON.stringify(bars) === JSON.stringify(truth));
  };
  await eventually(isExact, { timeoutMs: SWEPT_WITHIN_MS, intervalMs: 200, what: "exact bars" });
}

/** How far minutes of quotes are stored; undefined where bars are never behind. */
async function storedTo(): Promise<Micros | undefined> {
  if (!keeper.onTimescaleDb) return undefined;
  const [row] = await keeper.sql<{ at: Micros }[]>`
    select max(_timescaledb_functions.to_timestamp(watermark)) filter (where watermark > 0) as at
      from _timescaledb_catalog.continuous_agg
      join _timescaledb_catalog.continuous_aggs_watermark using (mat_hypertable_id) where user_view_name = 'quote_minute'`;
  return row?.at;
}

test("no bar of quotes is stored while there are prices alone", async () => {
  await keeper.store([{ symbol: "PRICE", timeUs: keeper.nowUs - 20 * US_PER_MINUTE, price: 1 }]);
  await keeper.refreshed();
  expect((await storedTo()) ?? 0).toBe(0);
  expect((await keeper.bars()).filter(({ level }) => level === "day")).toHaveLength(1);
});

test("live quotes, late ones and those of long ago are in their bars of all levels", async () => {
  await store("EURUSD", keeper.nowUs - 30 * US_PER_MINUTE, 80);
  await store("EURUSD", keeper.nowUs - 10 * US_PER_DAY, 20);
  await store("GBPUSD", keeper.nowUs - 9 * US_PER_DAY, 20);
  await keeper.refreshed();
  await expectExact();
  if (keeper.onTimescaleDb) {
    const isStored = async () => ((await storedTo()) ?? 0) > keeper.nowUs - 20 * US_PER_MINUTE;
    await eventually(isStored, { timeoutMs: SWEPT_WITHIN_MS, what: "bars of live quotes to be stored" });
  }
  await expectExact();
});

test("what somebody inserts or deletes by hand is found, in a compressed chunk too", async () => {
  if (keeper.onTimescaleDb) {
    const [chunk] = await keeper.sql<{ name: string }[]>`
      select c::text as name from show_chunks('ticks', older_than => ${keeper.nowUs - 8.5 * US_PER_DAY}::timestamptz) c limit 1`;
    await keeper.sql`select compress_chunk(${chunk?.name ?? null}::regclass)`;
  }
  await storeByHand("EURUSD", keeper.nowUs - 10 * US_PER_DAY + 7 * US_PER_SECOND, 30);
  await storeByHand("GBPUSD", keeper.nowUs - 5 * US_PER_DAY, 30);
  await keeper.sql`delete from ticks where symbol = 'GBPUSD' and time < ${keeper.nowUs - 9 * US_PER_DAY + US_PER_MINUTE}`;
  await untilExact();
});

test("late quotes whose windows a leader of 0.1 took off the queue, for bars of prices alone, are found by the next leader", async () => {
  await keeper.stopWorker();
  await store("EURUSD", keeper.nowUs - 7 * US_PER_DAY, 40);
  if (keeper.onTimescaleDb) {
    await keeper.sql`delete from refresh_queue`;
    await expect(expectExact()).rejects.toThrow();
  }
  keeper.startWorker();
  await untilExact();
});

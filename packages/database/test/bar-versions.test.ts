import { eventually } from "@fx-ohlc/embedded";
import { type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { closeBars } from "../src/close-bars.js";
import { queueRefresh } from "../src/refresh-queue.js";
import { whileUnsettled } from "../src/unsettled-bars.js";
import { asQuotes, history, Keeper } from "./keeper.js";
import { KeptBars } from "./kept-bars.js";

/** Every closed bar that changes has another version, whoever changes it; nothing else has. */
const SYMBOLS = ["EURUSD", "USDJPY"];
const DAYS = 5;
const LEVELS = ["minute", "hour", "day"] as const;
const RELATIONS = ["ohlc", "quote"].flatMap((family) => LEVELS.map((level) => `${family}_${level}`));
const SOON = { everyMs: 0, afterUs: 6 * US_PER_MINUTE };

let keeper: Keeper;
afterEach(() => keeper.close());

/** With prices alone, or also quotes of EURUSD. */
async function openClosed(kind: "prices" | "quotes" = "quotes"): Promise<Keeper> {
  const opened = await Keeper.open({ retentionDays: 0 });
  const ticks = history(opened.nowUs, DAYS, 0, 17 * US_PER_MINUTE);
  const ofQuotes = ticks.filter(({ symbol }) => symbol === "EURUSD" && kind === "quotes");
  await opened.store([...ticks.filter((tick) => !ofQuotes.includes(tick)), ...asQuotes(ofQuotes)]);
  await closeBars(opened.sql, opened.nowUs - SOON.afterUs);
  await opened.sql`truncate bar_versions`;
  if (opened.onTimescaleDb) await opened.sql`truncate refresh_queue`;
  return opened;
}

/** The symbols and days of what has been drawn since the last call. */
async function drawn(): Promise<string[]> {
  const rows = await keeper.sql<{ key: string }[]>`
    with gone as (delete from bar_versions returning *)
    select symbol || ' ' || day as key from gone order by 1`;
  return rows.map(({ key }) => key);
}

/** What a change at an instant draws: of its minute, and of its day bar, which starts at 22:00 UTC. */
function daysOf(symbol: string, atUs: Micros): string[] {
  const dayStartUs = Math.floor((atUs + 2 * US_PER_HOUR) / US_PER_DAY) * US_PER_DAY - 2 * US_PER_HOUR;
  const dates = [atUs, dayStartUs].map((us) => new Date(us / 1000).toISOString());
  const keys = dates.map((date) => `${symbol} ${date.slice(0, 10)}`);
  return [...new Set(keys)].sort();
}

async function refreshAll(): Promise<void> {
  if (!keeper.onTimescaleDb) return;
  for (const level of LEVELS) await keeper.sql`call refresh_bars(${level}, null, null)`;
}

/** Makes TimescaleDB's refreshes draw only for what changes: else they replace every row of what they take for changed. */
async function mergeRefreshes(): Promise<void> {
  if (keeper.onTimescaleDb)
    await keeper.sql.unsafe(
      `do $$ begin execute format('alter database %I set timescaledb.enable_merge_on_cagg_refresh = on', current_database()); end $$`,
    );
}

test("whatever changes a closed bar draws its versions, in the same transaction", async () => {
  keeper = await openClosed();
  await mergeRefreshes();
  const { sql } = keeper;
  const atUs = keeper.nowUs - 2 * US_PER_DAY - 30_000_000;
  const where = sql`where symbol = 'EURUSD' and time = ${atUs}`;
  const paths: (() => Promise<unknown>)[] = [
    async () => sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', ${atUs}::timestamptz, 0, 1.5)`,
    async () => sql`update ticks set price = 7 ${where}`,
    async () => sql`update ticks set bid = 6, ask = 8 ${where}`,
    async () => sql`update ticks set ask = 8.5 ${where}`,
    async () => sql`delete from ticks ${where}`,
    async () =>
      sql`insert into ticks (symbol, time, seq, price) select 'EURUSD', ${atUs}::timestamptz, 0, 1.5 on conflict do nothing`,
    async () => sql`delete from ticks where symbol = 'EURUSD' and time between ${atUs - 1} and ${atUs + 1}`,
  ];
  for (const path of paths) {
    await path();
    await refreshAll();
    const keys = await drawn();
    expect(keys.filter((key) => key.startsWith("EURUSD"))).toEqual(expect.arrayContaining(daysOf("EURUSD", atUs)));
    if (!keeper.onTimescaleDb) expect(keys).toEqual(daysOf("EURUSD", atUs));
  }
});

test("young ticks, what is taken back, and ticks that expire draw nothing", async () => {
  keeper = await openClosed();
  await keeper.store([{ symbol: "EURUSD", timeUs: keeper.nowUs, price: 3 }]);
  const back = keeper.sql.begin(async (transaction) => {
    await transaction`insert into ticks (symbol, time, seq, price) values ('EURUSD', now() - interval '2 days', 0, 1.5)`;
    if (keeper.onTimescaleDb) await transaction`delete from ${transaction(await tableOf("ohlc_minute"))}`;
    throw new Error("taken back");
  });
  await expect(back).rejects.toThrow("taken back");
  expect(await drawn()).toEqual([]);
  await keeper.migrate({ retentionDays: 3 });
  keeper.startWorker();
  await keeper.dropped(3);
  // TimescaleDB notes the first minute behind a dropped chunk as changed: that is refreshed, for all symbols at once.
  expect((await drawn()).filter((key) => !key.startsWith(" "))).toEqual([]);
});

/** Where bars of a relation are stored. */
async function tableOf(relation: string): Promise<string> {
  if (!keeper.onTimescaleDb) return relation;
  const [row] = await keeper.sql<{ name: string }[]>`
    select materialization_hypertable_schema || '.' || materialization_hypertable_name as name
      from timescaledb_information.continuous_aggregates where view_name = ${relation}`;
  return row?.name ?? "";
}

test("an operator who changes stored bars leaves nothing that is kept to be used", async () => {
  keeper = await openClosed();
  const reader = new KeptBars(keeper.sql, SYMBOLS, DAYS);
  for (const relation of RELATIONS) {
    await closeBars(keeper.sql, keeper.nowUs - SOON.afterUs);
    await reader.look();
    const { hits } = reader;
    await reader.look();
    expect(reader.hits).toBeGreaterThan(hits);
    const high = keeper.sql(relation.startsWith("ohlc") ? "high" : "bid_high");
    await keeper.sql`update ${keeper.sql(await tableOf(relation))} set ${high} = ${high} + 1`;
    await reader.look();
    await keeper.sql`delete from ${keeper.sql(await tableOf(relation))} where bucket < now() - interval '1 day'`;
    await reader.look();
  }
  expect(reader.wrong).toEqual([]);
});

test("a transaction that may not see what is being closed draws for every bar", async () => {
  keeper = await openClosed();
  await keeper.sql.begin("isolation level repeatable read", async (transaction) => {
    await transaction`select 1 from bar_mark`;
    const table = await tableOf("ohlc_minute");
    if (keeper.onTimescaleDb) await transaction`update ${transaction(table)} set high = high + 1`;
    else await transaction`insert into ticks (symbol, time, seq, price) values ('YOUNG', now(), 0, 1.5)`;
  });
  expect((await drawn()).length).toBeGreaterThan(0);
});

async function drawnSymbols(): Promise<string[]> {
  const rows = await keeper.sql<{ symbol: string }[]>`
    select distinct symbol from bar_versions where version is not null order by symbol`;
  return rows.map(({ symbol }) => symbol);
}

test("what a leader left unsettled is settled by the next one, and until then nobody keeps it", async () => {
  keeper = await openClosed();
  if (!keeper.onTimescaleDb) return;
  const range = { fromUs: keeper.nowUs - 3 * US_PER_DAY, toUs: keeper.nowUs - 2 * US_PER_DAY };
  const dead = await keeper.sql.reserve();
  const death = whileUnsettled(dead, range, { hour: 22, timezone: "UTC" }, async () => {
    const minutes = dead(await tableOf("ohlc_minute"));
    const { fromUs, toUs } = range;
    await dead`update ${minutes} set high = high + 1 where bucket >= ${fromUs} and bucket < ${toUs}`;
    expect(await drawnSymbols()).toEqual([]);
    await dead`update ${minutes} set high = high + 1 where bucket < ${fromUs - US_PER_DAY}`;
    throw new Error("killed");
  });
  await expect(death).rejects.toThrow("killed");
  expect(await drawnSymbols()).toEqual(SYMBOLS);
  const unsettled = () => keeper.sql`select 1 from bar_versions where version is null`;
  expect(await unsettled()).not.toHaveLength(0);
  dead.release();
  keeper.startWorker();
  await eventually(async () => (await unsettled()).length === 0, { what: "all to be settled" });
});

const back = fc.oneof(fc.integer({ min: 0, max: DAYS * 24 * 60 - 1 }), fc.integer({ min: 0, max: 30 }));
const symbol = fc.constantFrom(...SYMBOLS);
const step = fc.oneof(
  fc.record({ do: fc.constant("write" as const), at: fc.array(back, { minLength: 1, maxLength: 6 }), symbol }),
  fc.record({ do: fc.constant("put" as const), at: back, symbol }),
  fc.record({ do: fc.constant("delete" as const), at: back, minutes: fc.integer({ min: 1, max: 3000 }), symbol }),
  fc.record({ do: fc.constant("refresh" as const), at: back, relation: fc.constantFrom(...RELATIONS) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function apply(step: Step): Promise<void> {
  const { sql } = keeper;
  if (step.do === "write") {
    const nowUs = keeper.nowUs;
    const ticks = step.at.map((minutes, index) => ({
      symbol: step.symbol,
      timeUs: nowUs - minutes * US_PER_MINUTE + index,
      price: 1 + (minutes % 13),
    }));
    return keeper.store(step.symbol === "EURUSD" ? asQuotes(ticks) : ticks);
  }
  const toUs = keeper.nowUs - step.at * US_PER_MINUTE;
  if (step.do === "refresh") {
    if (!keeper.onTimescaleDb) return;
    const range = sql`${toUs - 2 * US_PER_DAY}::timestamptz, ${Math.min(toUs, keeper.nowUs - US_PER_HOUR)}::timestamptz`;
    await sql`call refresh_continuous_aggregate(${step.relation}::text::regclass, ${range}, force => true)`;
    return;
  }
  const fromUs = toUs - (step.do === "put" ? 20 : step.minutes) * US_PER_MINUTE;
  await sql.begin(async (transaction) => {
    const where = transaction`where symbol = ${step.symbol} and time >= ${fromUs}::timestamptz and time < ${toUs}::timestamptz`;
    if (step.do === "put") await transaction`update ticks set price = price + 1, bid = bid + 1, ask = ask + 1 ${where}`;
    else await transaction`delete from ticks ${where}`;
    await queueRefresh(transaction, keeper.engine, [{ symbol: step.symbol, fromUs, toUs, reason: "correction" }]);
  });
}

test("a reader that keeps closed bars by their versions is never wrong, whatever is written and refreshed, the first quote too", async () => {
  keeper = await openClosed("prices");
  keeper.startWorker(SOON);
  const reader = new KeptBars(keeper.sql, SYMBOLS, DAYS);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      for (const one of steps) {
        await apply(one).catch((error: { code?: string }) => {
          // Two refreshes at once.
          if (error.code !== "55P03") throw error;
        });
        await reader.look();
      }
      await keeper.refreshed();
      await reader.look();
      expect(reader.wrong).toEqual([]);
    }),
    { numRuns: 8, endOnFailure: true },
  );
  expect(reader.hits).toBeGreaterThan(100);
});

import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { verifyBars } from "../src/verify-bars.js";
import { asQuotes, history, Keeper } from "./keeper.js";

let keeper: Keeper;
afterEach(() => keeper.close());

/** Twelve days of two symbols of quotes, stored bars included. */
async function openWithHistory(): Promise<void> {
  keeper = await Keeper.open({});
  await keeper.store(asQuotes(history(keeper.nowUs, 12, 0, 5 * US_PER_MINUTE)));
  keeper.startWorker();
  await keeper.refreshed();
}

async function verify(options: { symbol?: string; repair?: boolean } = {}) {
  const lines: string[] = [];
  const { symbol, repair = false } = options;
  const range = { fromUs: keeper.nowUs - 20 * US_PER_DAY, toUs: keeper.nowUs };
  const wrong = await verifyBars({ ...range, url: keeper.url, symbol, repair, log: (line) => lines.push(line) });
  return { wrong, lines };
}

/** Where the bars of a level are stored. */
async function storedIn(relation: string): Promise<string> {
  if (!keeper.onTimescaleDb) return relation;
  const [row] = await keeper.sql<{ name: string }[]>`
    select stored.schema_name || '.' || stored.table_name as name
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_name = ${relation}`;
  return row?.name ?? "";
}

/** An operator's slip: a bar of six days ago is not what its ticks are any more. */
async function falsify(relation: string, change: string): Promise<void> {
  const table = await storedIn(relation);
  const aboutUs = keeper.nowUs - 6 * US_PER_DAY;
  await keeper.sql.unsafe(
    `update ${table} set ${change} where symbol = 'EURUSD'
        and bucket = (select max(bucket) from ${table} where symbol = 'EURUSD' and bucket < $1)`,
    [aboutUs - US_PER_HOUR],
  );
}

test("bars that were falsified by hand are named, field by field, and made anew when that is asked for", async () => {
  await openWithHistory();
  expect(await verify()).toEqual({ wrong: 0, lines: ["2 symbols compared: 0 bars differ"] });
  // It would take the minute for one that has changed, and make its hour of it.
  await keeper.stopWorker();
  await falsify("ohlc_minute", "high = high + 7");
  await falsify("ohlc_hour", "tick_count = tick_count + 1");
  await falsify("quote_day", "spread_sum = spread_sum + 0.000001");
  const found = await verify();
  expect(found.wrong).toBe(3);
  expect(found.lines).toEqual([
    expect.stringMatching(/^EURUSD ohlc_minute \S+Z: high is [78]\.?\d* instead of [01]\.?\d*$/),
    expect.stringMatching(/^EURUSD ohlc_hour \S+Z: tick_count is 13 instead of 12$/),
    expect.stringMatching(/^EURUSD quote_day \S+Z: spread_sum is 144\.000001 instead of 144/),
    "2 symbols compared: 3 bars differ",
  ]);
  expect((await verify({ symbol: "USDJPY" })).wrong).toBe(0);
  await expect(verify({ symbol: "NONE" })).rejects.toThrow("there is no symbol NONE");
  const repaired = await verify({ repair: true });
  expect(repaired.wrong).toBe(0);
  // The hour was made anew with its minute.
  expect(repaired.lines.at(-1)).toBe("2 symbols compared: 2 bars differ, 2 of them are made anew");
  expect(await verify()).toEqual({ wrong: 0, lines: ["2 symbols compared: 0 bars differ"] });
});

test("a bar that is missing and one of no ticks are told", async () => {
  await openWithHistory();
  const table = await storedIn("ohlc_minute");
  const atUs = keeper.nowUs - 6 * US_PER_DAY;
  const [bar] = await keeper.sql<{ bucket: number }[]>`
    select max(bucket) as bucket from ${keeper.sql(table)} where symbol = 'EURUSD' and bucket < ${atUs}`;
  await keeper.sql`
    update ${keeper.sql(table)} set bucket = bucket + interval '1 minute' where symbol = 'EURUSD' and bucket = ${bar?.bucket ?? 0}`;
  const found = await verify({ repair: true });
  expect(found.lines.slice(0, 2)).toEqual([
    expect.stringMatching(/: there is no bar$/),
    expect.stringMatching(/: there is a bar of nothing$/),
  ]);
  expect(found.wrong).toBe(0);
});

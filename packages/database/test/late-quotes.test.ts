import { US_PER_DAY, US_PER_SECOND } from "@fx-ohlc/schemas";
import { BarRefresh } from "../src/bar-refresh.js";
import { Leadership } from "../src/leadership.js";
import { settingsOf } from "../src/settings.js";
import { openPool, type Sql } from "../src/sql.js";
import { asQuotes, Keeper } from "./keeper.js";

const LEVELS = ["minute", "hour", "day"] as const;

let keeper: Keeper;
const sessions: Sql[] = [];
beforeAll(async () => {
  keeper = await Keeper.open();
});
afterAll(async () => {
  await Promise.all(sessions.map((sql) => sql.end({ timeout: 1 })));
  await keeper.close();
});

function session(): Sql {
  const sql = openPool({ url: keeper.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
  sessions.push(sql);
  return sql;
}

async function leader(): Promise<{ readonly bars: BarRefresh; readonly own: Sql; readonly end: () => Promise<void> }> {
  const own = session();
  const leadership = new Leadership(own, session());
  expect(await leadership.tryLead()).toBe(true);
  const end = async () => {
    leadership.end();
    await own`select pg_advisory_unlock_all()`;
  };
  return { bars: new BarRefresh(leadership, own), own, end };
}

/** How many quotes, and how many ticks, the bars of each level count. */
async function counts() {
  const ofLevel = async (level: (typeof LEVELS)[number]) => {
    const [row] = await keeper.sql<{ quotes: number; ticks: number }[]>`
      select (select sum(quote_count)::int from ${keeper.sql(`quote_${level}`)} where bucket > '1970-01-01 00:00:00+00') as quotes,
             (select sum(tick_count)::int from ${keeper.sql(`ohlc_${level}`)} where bucket > '1970-01-01 00:00:00+00') as ticks`;
    return { level, ...row };
  };
  return Promise.all(LEVELS.map(ofLevel));
}

test("quotes of long ago keep their sides while they wait to be refreshed, where no bar was stored yet", async () => {
  const startUs = keeper.nowUs - 10 * US_PER_DAY;
  const ticks = Array.from({ length: 40 }, (_, i) => ({
    symbol: "EURUSD",
    timeUs: startUs + i * 20 * US_PER_SECOND,
    price: 1 + i / 64,
  }));
  await keeper.store(asQuotes(ticks));
  const all = LEVELS.map((level) => ({ level, quotes: 40, ticks: 40 }));
  expect(await counts()).toEqual(all);
  if (keeper.onTimescaleDb) {
    const { bars, own, end } = await leader();
    // What is new is stored, and nobody has come to the windows yet.
    await bars.refreshDue(await settingsOf(own));
    await end();
    expect(await own`select 1 from refresh_queue limit 1`).toHaveLength(1);
    expect(await counts()).toEqual(all);
  }
});

/** The transactions that wrote the stored minutes of a symbol, of both families. */
async function writersOfMinutes(symbol: string): Promise<Set<string>> {
  const tables = await keeper.sql<{ name: string }[]>`
    select stored.schema_name || '.' || stored.table_name as name
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_name in ('ohlc_minute', 'quote_minute')`;
  const written = await Promise.all(
    tables.map(
      ({ name }) =>
        keeper.sql<{ xmin: string }[]>`select xmin::text from ${keeper.sql(name)} where symbol = ${symbol} limit 1`,
    ),
  );
  expect(written.map(({ length }) => length)).toEqual([1, 1]);
  return new Set(written.flat().map(({ xmin }) => xmin));
}

test("single bars of prices and of quotes are made anew in one transaction", async () => {
  if (!keeper.onTimescaleDb) return;
  const timeUs = keeper.nowUs - 12 * US_PER_DAY;
  await keeper.store(asQuotes([{ symbol: "GBPUSD", timeUs, price: 1 }]));
  const { bars, end } = await leader();
  await bars.recompute([{ symbol: "GBPUSD", fromUs: timeUs, toUs: timeUs + 1 }]);
  await end();
  expect((await writersOfMinutes("GBPUSD")).size).toBe(1);
});

import { emptyDatabase, type TestDatabase } from "@fx-ohlc/embedded";
import { type Bar, bucketStart, type DayBoundary, parseTime, type Tick } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { migrate } from "../src/migrate.js";
import { openPool, type Sql } from "../src/sql.js";

/** The triggers of plain PostgreSQL, held to a recomputation from the ticks; TimescaleDB's aggregates need no such proof. */
const BOUNDARIES: DayBoundary[] = [
  { hour: 22, timezone: "UTC" },
  { hour: 17, timezone: "America/New_York" },
];
const INTERVALS = [["minute", "1m"] as const, ["hour", "1h"] as const, ["day", "1d"] as const];
const at = (time: string) => parseTime(time) ?? 0;
/** Around the Sunday on which New York's clocks go forward, and at the edges of minutes, hours and days. */
const TIMES = [
  "2024-03-08T21:59:59.999999Z",
  "2024-03-08T22:00:00Z",
  "2024-03-10T20:59:30Z",
  "2024-03-10T21:00:00Z",
  "2024-03-10T21:00:30Z",
  "2024-03-10T21:30:00Z",
  "2024-03-10T22:00:00Z",
].map(at);

/** Where it has a spread, a quote whose bid is its price; a crossed one where that is negative. */
interface TestTick {
  readonly time: number;
  readonly symbol: string;
  readonly price: number;
  readonly spread?: number | undefined;
}

type Step =
  | { readonly do: "insert"; readonly ticks: readonly TestTick[] }
  | { readonly do: "update"; readonly time: number; readonly price: number }
  | { readonly do: "requote"; readonly time: number; readonly spread: number }
  | { readonly do: "delete"; readonly from: number; readonly to: number };

const time = fc.constantFrom(...TIMES);
const price = fc.integer({ min: 1, max: 9 });
/** What doubles cannot add up. */
const spread = fc.constantFrom(0.1, 0.2, 0.3, 0.00003, -0.1);
const newTick = fc.record(
  { time, symbol: fc.constantFrom("A", "B"), price, spread },
  { requiredKeys: ["time", "symbol", "price"] },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("insert" as const),
      ticks: fc.array(newTick, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("update" as const), time, price }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("requote" as const), time, spread }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), from: time, to: time }) },
);

type Short = "1m" | "1h" | "1d";

/** The ticks of each bucket, in order, with its symbol and its start. */
function buckets(ticks: readonly Tick[], interval: Short, boundary: DayBoundary) {
  const groups = new Map<string, Tick[]>();
  for (const tick of ticks) {
    const key = `${tick.symbol} ${bucketStart(tick.timeUs, interval, boundary)}`;
    groups.set(key, [...(groups.get(key) ?? []), tick]);
  }
  return [...groups].map(([key, own]) => {
    const sorted = own.sort((a, b) => a.timeUs - b.timeUs || a.seq - b.seq);
    const [symbol = "", bucket] = key.split(" ");
    return { symbol, bucketUs: Number(bucket), ticks: sorted };
  });
}

function ohlc(prices: readonly number[]) {
  return {
    open: prices[0] ?? 0,
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices.at(-1) ?? 0,
  };
}

function expected(ticks: readonly Tick[], interval: Short, boundary: DayBoundary): Bar[] {
  return buckets(ticks, interval, boundary).map(({ symbol, bucketUs, ticks: own }) => ({
    ...{ symbol, bucketUs, tickCount: own.length },
    ...ohlc(own.map((tick) => tick.price)),
  }));
}

interface QuoteBar {
  readonly symbol: string;
  readonly bucketUs: number;
  readonly bid: readonly number[];
  readonly ask: readonly number[];
  /** The least, the greatest and their sum. */
  readonly spreads: readonly number[];
  readonly count: number;
}

/** In hundred-thousandths, of which all prices here are made. */
const whole = (value: number) => Math.round(value * 1e5);

function expectedQuotes(ticks: readonly Tick[], interval: Short, boundary: DayBoundary): QuoteBar[] {
  const quotes = ticks.filter((tick) => (tick.bid ?? null) !== null);
  return buckets(quotes, interval, boundary).map(({ symbol, bucketUs, ticks: own }) => {
    const spreads = own.map(({ bid = 0, ask = 0 }) => whole(ask) - whole(bid));
    const sum = spreads.reduce((total, one) => total + one, 0);
    return {
      ...{ symbol, bucketUs, count: own.length },
      bid: Object.values(ohlc(own.map(({ bid = 0 }) => bid))),
      ask: Object.values(ohlc(own.map(({ ask = 0 }) => ask))),
      spreads: [Math.min(...spreads), Math.max(...spreads), sum].map((value) => value / 1e5),
    };
  });
}

describe.each(BOUNDARIES)("with days that start at $hour:00 $timezone", (boundary) => {
  let database: TestDatabase;
  let sql: Sql;
  beforeAll(async () => {
    database = await emptyDatabase();
    const refreshIntervals = { minute: 5, hour: 30, day: 300 };
    await migrate({
      url: database.url,
      engine: "postgres",
      dayBoundary: boundary,
      compressionAfterDays: 0,
      retentionDays: 0,
      refreshIntervals,
    });
    sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
  });
  afterAll(async () => {
    await sql.end({ timeout: 1 });
    await database.drop();
  });

  async function apply(step: Step): Promise<void> {
    if (step.do === "requote") {
      await sql`update ticks set bid = price, ask = round((price + ${step.spread}::float8)::numeric, 5) where time = ${step.time}`;
    } else if (step.do === "update") await sql`update ticks set price = ${step.price} where time = ${step.time}`;
    else if (step.do === "delete") await sql`delete from ticks where time >= ${step.from} and time < ${step.to}`;
    else {
      await sql`
        insert into ticks (symbol, time, seq, price, bid, ask)
        select symbol, time, coalesce((select max(seq) + 1 from ticks t where t.symbol = n.symbol and t.time = n.time), 0)
                             + row_number() over (partition by symbol, time) - 1, price,
               case when spread <> 0 then price end, case when spread <> 0 then round((price + spread)::numeric, 5) end
          from unnest(${step.ticks.map((tick) => tick.symbol)}::text[], ${step.ticks.map((tick) => tick.time)}::timestamptz[],
                      ${step.ticks.map((tick) => tick.price)}::float8[], ${step.ticks.map((tick) => tick.spread ?? 0)}::float8[])
               as n(symbol, time, price, spread)`;
    }
  }

  function sorted<B extends { readonly symbol: string; readonly bucketUs: number }>(bars: readonly B[]): B[] {
    const key = (bar: B) => `${bar.symbol} ${bar.bucketUs}`;
    return [...bars].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  test("any inserts, updates and deletes leave the bars of prices and of quotes that the ticks give", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        for (const one of steps) await apply(one);
        const ticks = await sql<Tick[]>`select symbol, time as "timeUs", seq, price, bid, ask from ticks`;
        for (const [name, interval] of INTERVALS) {
          const stored = await sql<Bar[]>`
            select symbol, bucket as "bucketUs", open, high, low, close, tick_count as "tickCount" from ${sql(`ohlc_${name}`)}`;
          expect(sorted(stored)).toEqual(sorted(expected(ticks, interval, boundary)));
          const quotes = await sql<QuoteBar[]>`
            select symbol, bucket as "bucketUs", array[bid_open, bid_high, bid_low, bid_close] as bid,
                   array[ask_open, ask_high, ask_low, ask_close] as ask,
                   array[spread_min, spread_max, spread_sum::float8] as spreads, quote_count as count from ${sql(`quote_${name}`)}`;
          expect(sorted(quotes)).toEqual(sorted(expectedQuotes(ticks, interval, boundary)));
        }
      }),
      { numRuns: 80 },
    );
  });
});

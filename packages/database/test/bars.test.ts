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
const INTERVALS = [["ohlc_minute", "1m"] as const, ["ohlc_hour", "1h"] as const, ["ohlc_day", "1d"] as const];
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

type Step =
  | { readonly do: "insert"; readonly ticks: readonly { time: number; symbol: string; price: number }[] }
  | { readonly do: "update"; readonly time: number; readonly price: number }
  | { readonly do: "delete"; readonly from: number; readonly to: number };

const time = fc.constantFrom(...TIMES);
const price = fc.integer({ min: 1, max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("insert" as const),
      ticks: fc.array(fc.record({ time, symbol: fc.constantFrom("A", "B"), price }), { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("update" as const), time, price }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), from: time, to: time }) },
);

function expected(ticks: readonly Tick[], interval: "1m" | "1h" | "1d", boundary: DayBoundary): Bar[] {
  const groups = new Map<string, Tick[]>();
  for (const tick of ticks) {
    const key = `${tick.symbol} ${bucketStart(tick.timeUs, interval, boundary)}`;
    groups.set(key, [...(groups.get(key) ?? []), tick]);
  }
  return [...groups].map(([key, own]) => {
    const sorted = own.sort((a, b) => a.timeUs - b.timeUs || a.seq - b.seq);
    const prices = sorted.map((tick) => tick.price);
    const [symbol = "", bucket] = key.split(" ");
    return {
      symbol,
      bucketUs: Number(bucket),
      open: prices[0] ?? 0,
      high: Math.max(...prices),
      low: Math.min(...prices),
      close: prices.at(-1) ?? 0,
      tickCount: prices.length,
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
    if (step.do === "update") await sql`update ticks set price = ${step.price} where time = ${step.time}`;
    else if (step.do === "delete") await sql`delete from ticks where time >= ${step.from} and time < ${step.to}`;
    else {
      await sql`
        insert into ticks (symbol, time, seq, price)
        select symbol, time, coalesce((select max(seq) + 1 from ticks t where t.symbol = n.symbol and t.time = n.time), 0)
                             + row_number() over (partition by symbol, time) - 1, price
          from unnest(${step.ticks.map((tick) => tick.symbol)}::text[], ${step.ticks.map((tick) => tick.time)}::timestamptz[],
                      ${step.ticks.map((tick) => tick.price)}::float8[]) as n(symbol, time, price)`;
    }
  }

  test("any inserts, updates and deletes leave the bars that the ticks give", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        for (const one of steps) await apply(one);
        const ticks = await sql<Tick[]>`select symbol, time as "timeUs", seq, price from ticks`;
        for (const [relation, interval] of INTERVALS) {
          const stored = await sql<Bar[]>`
            select symbol, bucket as "bucketUs", open, high, low, close, tick_count as "tickCount" from ${sql(relation)}`;
          const key = (bar: Bar) => `${bar.symbol} ${bar.bucketUs}`;
          const sorted = (bars: readonly Bar[]) => [...bars].sort((a, b) => (key(a) < key(b) ? -1 : 1));
          expect(sorted(stored)).toEqual(sorted(expected(ticks, interval, boundary)));
        }
      }),
      { numRuns: 80 },
    );
  });
});

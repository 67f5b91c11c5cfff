import {
  bucketEdges,
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type Micros,
  SHORT_NAMES,
  STORED_INTERVALS,
  type StoredInterval,
  type SymbolRange,
  type TimeRange,
} from "@fx-ohlc/schemas";
import { type BarFamily, barRelation } from "./bar-families.js";
import { type RefreshBounds, readBounds, span } from "./refresh-plan.js";
import { REFRESH_LOCK } from "./retention-mark.js";
import type { Sql, Transaction } from "./sql.js";

/** What each level is made of. */
const MADE_OF = { minute: "ticks", hour: "minute", day: "hour" } as const;
/** The tables that hold what is materialised of a family, `schema.table`. */
type StoredTables = Readonly<Record<StoredInterval, string>>;

/** Every bucket of a level that some ranges touch, each once. */
export function touchedBuckets(
  ranges: readonly SymbolRange[],
  interval: StoredInterval,
  boundary: DayBoundary,
): SymbolRange[] {
  const buckets = new Map<string, SymbolRange>();
  for (const { symbol, fromUs, toUs } of ranges) {
    const edges = bucketEdges(fromUs, toUs, SHORT_NAMES[interval], boundary);
    edges.slice(1).forEach((edge, index) => {
      const bucket = { symbol, fromUs: edges[index] ?? edge, toUs: edge };
      buckets.set(`${bucket.fromUs} ${symbol}`, bucket);
    });
  }
  return [...buckets.values()];
}

/** Bars to be made anew. */
export interface RangesOfFamily {
  readonly family: BarFamily;
  readonly ranges: readonly SymbolRange[];
}

/**
 * Makes the stored bars of some ranges anew, of one symbol each and not of all, straight in the tables of the continuous
 * aggregates: milliseconds where a refresh of three levels takes a tenth of a second and more. What TimescaleDB noted as changed
 * stays noted, and is refreshed again when there is time. Those of all families change at one moment, so that nobody sees a bar
 * that counts quotes whose sides it does not have.
 *
 * Only what is materialised is written: real-time reads cover the rest. A lock keeps refreshes of others away from these tables.
 *
 * @returns ticks from where on were looked at
 * @throws PostgreSQL's error `lockNotAvailable` while somebody refreshes
 */
export function recomputeBars(
  sql: Sql,
  wanted: readonly RangesOfFamily[],
): Promise<Pick<RefreshBounds, "wholeFromUs">> {
  return whileTicksStay(sql, async (transaction) => {
    let wholeFromUs = Number.NEGATIVE_INFINITY;
    for (const { family, ranges } of wanted) {
      const stored = await lockStored(transaction, family, STORED_INTERVALS);
      for (const interval of STORED_INTERVALS) await recomputeLevel(transaction, interval, ranges, stored);
      wholeFromUs = Math.max(wholeFromUs, stored.bounds.wholeFromUs);
    }
    return { wholeFromUs };
  });
}

/**
 * Makes the stored days of a range anew, of every symbol. TimescaleDB plans each refresh of days over every chunk of ticks there
 * is, whatever its range: half a second with 715 of them, six seconds with 5,000.
 *
 * @throws PostgreSQL's error `lockNotAvailable` while somebody refreshes days
 */
export function recomputeDays(sql: Sql, family: BarFamily, range: TimeRange): Promise<void> {
  return whileTicksStay(sql, async (transaction) => {
    const stored = await lockStored(transaction, family, ["day"]);
    const { tables, bounds } = stored;
    const fromUs = bucketStart(range.fromUs, SHORT_NAMES.day, bounds.dayBoundary);
    const toUs = bucketEnd(range.toUs - 1, SHORT_NAMES.day, bounds.dayBoundary);
    const symbols = await transaction<{ symbol: string }[]>`
      select symbol from ${transaction(tables.hour)} where bucket >= ${fromUs} and bucket < ${toUs}
       union
      select symbol from ${transaction(tables.day)} where bucket >= ${fromUs} and bucket < ${toUs}`;
    const ranges = symbols.map(({ symbol }) => ({ symbol, fromUs, toUs }));
    await recomputeLevel(transaction, "day", ranges, stored);
  });
}

interface Stored {
  readonly family: BarFamily;
  readonly tables: StoredTables;
  readonly bounds: RefreshBounds;
}

/** Runs a transaction while no ticks are dropped. */
async function whileTicksStay<T>(sql: Sql, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const { result } = await sql.begin(async (transaction) => {
    await transaction`select set_config('lock_timeout', ${LOCK_TIMEOUT_MS}, true),
                             pg_advisory_xact_lock_shared(${REFRESH_LOCK})`;
    return { result: await work(transaction) };
  });
  return result;
}

/** Keeps everybody else from refreshing some levels until the transaction ends. */
async function lockStored(
  transaction: Transaction,
  family: BarFamily,
  intervals: readonly StoredInterval[],
): Promise<Stored> {
  const tables = await storedTables(transaction, family);
  for (const interval of intervals) {
    await transaction`lock table only ${transaction(tables[interval])} in share row exclusive mode`;
  }
  return { family, tables, bounds: await readBounds(transaction, family) };
}

/** Whoever refreshes by hand may take long. */
const LOCK_TIMEOUT_MS = "500ms";

async function storedTables(transaction: Transaction, family: BarFamily): Promise<StoredTables> {
  const relations = STORED_INTERVALS.map((interval) => barRelation(family, interval));
  const rows = await transaction<{ relation: string; name: string }[]>`
    select bars.user_view_name as relation, stored.schema_name || '.' || stored.table_name as name
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_schema = current_schema()
       and bars.user_view_name = any(${relations}::text[])`;
  const names = new Map(rows.map(({ relation, name }) => [relation, name]));
  const nameOf = (interval: StoredInterval) => {
    const relation = barRelation(family, interval);
    const name = names.get(relation);
    if (name === undefined) throw new Error(`there is no continuous aggregate ${relation}`);
    return name;
  };
  return { minute: nameOf("minute"), hour: nameOf("hour"), day: nameOf("day") };
}

/**
 * One statement, so that it locks every chunk it reads before it removes a bar: one that is dropped by hand meanwhile is either
 * read or found to be gone. The bounds that all buckets share are constants to the planner, which leaves other chunks out.
 */
async function recomputeLevel(
  transaction: Transaction,
  interval: StoredInterval,
  ranges: readonly SymbolRange[],
  { family, tables, bounds }: Stored,
): Promise<void> {
  const oldestUs = interval === "minute" ? bounds.wholeFromUs : Number.NEGATIVE_INFINITY;
  const buckets = touchedBuckets(ranges, interval, bounds.dayBoundary).filter(
    ({ fromUs }) => fromUs >= oldestUs && fromUs < bounds.materialisedToUs[interval],
  );
  if (buckets.length === 0) return;
  const { fromUs, toUs } = span(buckets);
  const bars = transaction(tables[interval]);
  await transaction`
    with touched as materialized (
      select * from unnest(${buckets.map(({ symbol }) => symbol)}::text[],
                           ${buckets.map((bucket) => bucket.fromUs)}::timestamptz[],
                           ${buckets.map((bucket) => bucket.toUs)}::timestamptz[]) as bucket(symbol, from_time, to_time)
    ), removed as (
      delete from ${bars} as bars using touched
       where bars.symbol = touched.symbol and bars.bucket = touched.from_time
         and bars.bucket >= ${fromUs} and bars.bucket < ${toUs}
    )
    insert into ${bars} (symbol, bucket, ${transaction.unsafe(family.columns)})
    select touched.symbol, touched.from_time, bar.*
      from touched
     cross join lateral (${barOf(transaction, interval, { family, tables, fromUs, toUs })}) as bar
     where bar.${transaction(family.count)} > 0`;
}

interface BarSource {
  readonly family: BarFamily;
  readonly tables: StoredTables;
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** The bar of the bucket `touched`: without ticks, one that counts none. */
function barOf(transaction: Transaction, interval: StoredInterval, { family, tables, fromUs, toUs }: BarSource) {
  const below = MADE_OF[interval];
  if (below === "ticks") {
    return transaction`
      select ${transaction.unsafe(family.ofTicks)}
        from ticks
       where symbol = touched.symbol and time >= touched.from_time and time < touched.to_time
         and time >= ${fromUs} and time < ${toUs} and ${transaction.unsafe(family.where)}`;
  }
  return transaction`
    select ${transaction.unsafe(family.ofBars)}
      from ${transaction(tables[below])}
     where symbol = touched.symbol and bucket >= touched.from_time and bucket < touched.to_time
       and bucket >= ${fromUs} and bucket < ${toUs}`;
}

import { setTimeout as sleep } from "node:timers/promises";
import {
  bucketEdges,
  bucketEnd,
  bucketStart,
  type DayBoundary,
  formatBucket,
  type Micros,
  SHORT_NAMES,
  STORED_INTERVALS,
  type StoredInterval,
  type TimeRange,
  US_PER_DAY,
} from "@fx-ohlc/schemas";
import { BAR_FAMILIES, type BarFamily, barRelation, SPREADS_OF_BARS, SPREADS_OF_TICKS } from "./bar-families.js";
import { recomputeBars } from "./bar-recompute.js";
import { inMigrationSession } from "./migration-session.js";
import { readSettings } from "./settings.js";
import type { Sql } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";
import { lockSymbols } from "./symbol-locks.js";

export interface VerifyOptions extends TimeRange {
  /** A connection string of the database itself. */
  readonly url: string;
  /** Undefined: every symbol. */
  readonly symbol: string | undefined;
  /** Whether what differs is made anew. */
  readonly repair: boolean;
  readonly log: (line: string) => void;
}

/** A stored bar that is not what it is made of. */
interface Difference {
  readonly family: BarFamily;
  readonly interval: StoredInterval;
  readonly symbol: string;
  readonly bucketUs: Micros;
  /** Null where there is none, as JSON. */
  readonly stored: string | null;
  readonly expected: string | null;
}

/** Whose bars are compared, and what bounds it. */
interface Scope {
  readonly sql: Sql;
  readonly onTimescaleDb: boolean;
  readonly boundary: DayBoundary;
  /** Ticks before this instant may be gone: bars that reach before it are compared with the level below. */
  readonly wholeFromUs: Micros;
}

/** What one statement compares, in whole buckets: some ten thousand ticks of a busy symbol, some thousand bars. */
const STEP_US: Readonly<Record<StoredInterval, Micros>> = {
  minute: US_PER_DAY,
  hour: 7 * US_PER_DAY,
  day: 31 * US_PER_DAY,
};
const BELOW = { minute: undefined, hour: "minute", day: "hour" } as const;
/** Of more, only their number is told. */
const LISTED_MAX = 100;
/** How long windows that wait to be refreshed are waited for before a bar counts as wrong. */
const SETTLED_WITHIN_MS = 60_000;
const POLL_MS = 250;
/** Refreshes of others take seconds at most. */
const REPAIR_TRIES_MAX = 40;
const VERIFY_LOCK = 5_064_226;

const first = (column: string, order: string) => `(array_agg(${column} order by ${order}))[1]`;
const OF_TICKS = { open: "time, seq", close: "time desc, seq desc" };
const OF_BARS = { open: "bucket", close: "bucket desc" };

/** Open, high, low and close of one price. */
function ends(prefix: string, source: "ticks" | "bars"): string {
  const [orders, of] = source === "ticks" ? [OF_TICKS, () => prefix || "price"] : [OF_BARS, ofBars(prefix)];
  return [
    first(of("open"), orders.open),
    `max(${of("high")})`,
    `min(${of("low")})`,
    first(of("close"), orders.close),
  ].join(", ");
}

const ofBars = (prefix: string) => (end: string) => (prefix === "" ? end : `${prefix}_${end}`);

/** What a bar must hold, in the order of the family's columns, by aggregates that both engines have: not those that made the bars. */
function expectedOf({ name, count }: BarFamily, source: "ticks" | "bars"): string {
  const counted = source === "ticks" ? "count(*)" : `sum(${count})::bigint`;
  if (name === "ohlc") return `${ends("", source)}, ${counted}`;
  const spreads = source === "ticks" ? SPREADS_OF_TICKS : SPREADS_OF_BARS;
  return `${ends("bid", source)}, ${ends("ask", source)}, ${spreads}, ${counted}`;
}

/** Parameters: the edges of the buckets, the symbol, the first and the last edge. */
function comparison(family: BarFamily, interval: StoredInterval, source: "ticks" | "bars"): string {
  const below = BELOW[interval];
  const [relation, at] =
    source === "ticks" || below === undefined ? ["ticks", "time"] : [barRelation(family, below), "bucket"];
  return `
    with expected (bucket, ${family.columns}) as (
      select ($1::timestamptz[])[width_bucket(${at}, $1::timestamptz[])], ${expectedOf(family, source)}
        from ${relation}
       where symbol = $2 and ${at} >= $3 and ${at} < $4 and ${source === "ticks" ? family.where : "true"}
       group by 1
    ), stored as (
      select bucket, ${family.columns} from ${barRelation(family, interval)}
       where symbol = $2 and bucket >= $3 and bucket < $4
    )
    select bucket as "bucketUs", to_jsonb(stored)::text as stored, to_jsonb(expected)::text as expected
      from stored full join expected using (bucket)
     where to_jsonb(stored) is distinct from to_jsonb(expected)
     order by bucket`;
}

/** Bars of one symbol, family and interval to compare: the edges of their buckets. */
interface Step {
  readonly family: BarFamily;
  readonly interval: StoredInterval;
  readonly symbol: string;
  readonly edges: readonly Micros[];
}

function* stepsOf({ boundary }: Scope, symbol: string, range: TimeRange): Generator<Step> {
  for (const family of BAR_FAMILIES) {
    for (const interval of STORED_INTERVALS) {
      const [short, endUs] = [SHORT_NAMES[interval], range.toUs];
      for (let fromUs = bucketStart(range.fromUs, short, boundary); fromUs < endUs; ) {
        const toUs = bucketEnd(Math.min(fromUs + STEP_US[interval], endUs) - 1, short, boundary);
        yield { family, interval, symbol, edges: bucketEdges(fromUs, toUs, short, boundary) };
        fromUs = toUs;
      }
    }
  }
}

/** What ticks are there decides; where they may be gone, the bars of the level below do, and of minutes nothing can be said. */
async function differencesOf({ sql, wholeFromUs }: Scope, step: Step): Promise<Difference[]> {
  const { family, interval, symbol, edges } = step;
  const whole = edges.filter((edge) => edge >= wholeFromUs);
  const rest = edges.slice(0, edges.length - whole.length + 1);
  const found: Difference[] = [];
  for (const [source, part] of [["bars", rest] as const, ["ticks", whole] as const]) {
    const [fromUs, toUs] = [part[0], part.at(-1)];
    if (fromUs === undefined || toUs === undefined || fromUs === toUs) continue;
    if (source === "bars" && BELOW[interval] === undefined) continue;
    const rows = await sql.unsafe<Pick<Difference, "bucketUs" | "stored" | "expected">[]>(
      comparison(family, interval, source),
      [[...part], symbol, fromUs, toUs],
      { prepare: true },
    );
    found.push(...rows.map((row) => ({ ...row, family, interval, symbol })));
  }
  return found;
}

/** Where bars are refreshed after the commit that changed them, one that differs is looked at again once nothing waits. */
async function lastingDifferences(scope: Scope, step: Step): Promise<Difference[]> {
  const found = await differencesOf(scope, step);
  if (found.length === 0 || !scope.onTimescaleDb) return found;
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  while ((await scope.sql`select 1 from refresh_queue limit 1`).length > 0 && performance.now() < deadline)
    await sleep(POLL_MS);
  return differencesOf(scope, step);
}

/** Makes the bars of a bucket anew, and those above it. */
async function repair({ sql, onTimescaleDb }: Scope, { family, symbol, bucketUs }: Difference): Promise<void> {
  if (!onTimescaleDb) {
    await sql.begin(async (transaction) => {
      await lockSymbols(transaction, [symbol]);
      const remake = transaction.unsafe(family.name === "ohlc" ? "recompute_bars" : "recompute_quote_bars");
      await transaction`select ${remake}(${[symbol]}::text[], ${[bucketUs]}::timestamptz[])`;
    });
    return;
  }
  for (let tries = 1; ; tries += 1) {
    try {
      await recomputeBars(sql, [{ family, ranges: [{ symbol, fromUs: bucketUs, toUs: bucketUs + 1 }] }]);
      return;
    } catch (error) {
      if (errorCode(error) !== SQL_STATE.lockNotAvailable || tries === REPAIR_TRIES_MAX) throw error;
      await sleep(POLL_MS);
    }
  }
}

/** What is wrong, field by field: `EURUSD minute 2014-05-05T10:00:00Z: high is 1.4, of ticks 1.39`. */
function describe({ family, interval, symbol, bucketUs, stored, expected }: Difference): string {
  const place = `${symbol} ${barRelation(family, interval)} ${formatBucket(bucketUs)}`;
  if (stored === null) return `${place}: there is no bar`;
  if (expected === null) return `${place}: there is a bar of nothing`;
  const [is, shouldBe] = [JSON.parse(stored), JSON.parse(expected)] as Record<string, unknown>[]; // Columns, as text.
  const fields = Object.keys(shouldBe ?? {}).filter((field) => is?.[field] !== shouldBe?.[field]);
  return `${place}: ${fields.map((field) => `${field} is ${is?.[field]} instead of ${shouldBe?.[field]}`).join(", ")}`;
}

/** The part of a range that a symbol has ticks or bars in; undefined: none. */
async function filledRange(
  { sql }: Scope,
  symbol: string,
  { fromUs, toUs }: TimeRange,
): Promise<TimeRange | undefined> {
  const [row] = await sql<{ first: Micros | null; last: Micros | null }[]>`
    select min(time) as first, max(time) as last
      from ((select time from ticks where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs} order by time limit 1)
            union all
            (select time from ticks where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs} order by time desc limit 1)
            union all
            select unnest(array[min(bucket), max(bucket)]) from ohlc_minute
             where symbol = ${symbol} and bucket >= ${fromUs} and bucket < ${toUs}
            union all
            select unnest(array[min(bucket), max(bucket)]) from ohlc_day
             where symbol = ${symbol} and bucket >= ${fromUs - US_PER_DAY} and bucket < ${toUs}) found(time)`;
  if (row?.first == null || row.last == null) return undefined;
  return { fromUs: Math.max(fromUs, row.first), toUs: Math.min(toUs, row.last + US_PER_DAY) };
}

async function scopeOf(sql: Sql): Promise<Scope> {
  const { engine, dayBoundary } = await readSettings(sql);
  const onTimescaleDb = engine === "timescaledb";
  const [mark] = await sql<{ whole: Micros }[]>`
    select greatest(whole_from, ${sql.unsafe(onTimescaleDb ? "chunks_gone_to()" : "whole_from")}) as whole from retention_mark`;
  return { sql, onTimescaleDb, boundary: dayBoundary, wholeFromUs: mark?.whole ?? 0 };
}

/** Compares the bars of one symbol; answers how many were wrong, and how many are. */
async function verifySymbol(scope: Scope, symbol: string, options: VerifyOptions, listed: { count: number }) {
  const range = await filledRange(scope, symbol, options);
  const counts = { wrong: 0, left: 0 };
  for (const step of range === undefined ? [] : stepsOf(scope, symbol, range)) {
    const found = await lastingDifferences(scope, step);
    for (const difference of found) {
      listed.count += 1;
      if (listed.count <= LISTED_MAX) options.log(describe(difference));
      if (options.repair && difference.bucketUs >= scope.wholeFromUs) await repair(scope, difference);
    }
    counts.wrong += found.length;
    counts.left += options.repair && found.length > 0 ? (await lastingDifferences(scope, step)).length : found.length;
  }
  return counts;
}

/**
 * Compares the stored bars of a range with the ticks they are made of, of every level and family, and where ticks are dropped with
 * the bars of the level below; lists the first hundred that differ, and makes them anew if that is asked for. Services go on
 * meanwhile: each comparison is one statement, and so of one moment.
 *
 * @returns how many are wrong at the end
 * @throws Error when there is no such symbol
 * @throws IncompatibleSchemaError when the schema is another than this build's
 */
export async function verifyBars(options: VerifyOptions): Promise<number> {
  const { url, log, symbol, repair: isRepaired } = options;
  return inMigrationSession({ url, lock: VERIFY_LOCK, log }, async (sql) => {
    const scope = await scopeOf(sql);
    if (options.fromUs < scope.wholeFromUs)
      log(`ticks before ${formatBucket(scope.wholeFromUs)} are dropped: minutes before it cannot be compared`);
    const known = await sql<{ symbol: string }[]>`select symbol from symbols order by symbol`;
    const symbols = known.map((row) => row.symbol).filter((each) => symbol === undefined || each === symbol);
    if (symbol !== undefined && symbols.length === 0) throw new Error(`there is no symbol ${symbol}`);
    const [total, listed] = [{ wrong: 0, left: 0 }, { count: 0 }];
    for (const each of symbols) {
      const { wrong, left } = await verifySymbol(scope, each, options, listed);
      total.wrong += wrong;
      total.left += left;
    }
    if (total.wrong > LISTED_MAX) log(`and ${total.wrong - LISTED_MAX} more`);
    const mended = isRepaired ? `, ${total.wrong - total.left} of them are made anew` : "";
    log(`${symbols.length} symbols compared: ${total.wrong} bars differ${mended}`);
    return total.left;
  });
}

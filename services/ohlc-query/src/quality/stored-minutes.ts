import { type Micros, type SymbolRange, type TimeRange, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { type BinaryColumn, instants } from "../binary-columns.js";
import type { Reader } from "../reader.js";

/** What bars tell of a range of whole minutes. */
export interface StoredMinutes {
  /** Runs of minutes without a tick, ascending. */
  readonly empty: readonly TimeRange[];
  readonly tickCount: number;
}

interface Row {
  readonly tickCount: number;
  readonly firstUs: Micros | null;
  readonly lastUs: Micros | null;
  /** Starts of minutes with ticks that an empty one follows, and of those that come next. */
  readonly lasts: BinaryColumn;
  readonly nexts: BinaryColumn;
}

/** Only minutes beside empty ones leave the database. */
const READ_MINUTES = `
  select coalesce(sum(tick_count), 0)::bigint as "tickCount", min(bucket) as "firstUs", max(bucket) as "lastUs",
         string_agg(timestamptz_send(before), '') filter (where bucket - before > interval '1 minute') as lasts,
         string_agg(timestamptz_send(bucket), '') filter (where bucket - before > interval '1 minute') as nexts
    from (select bucket, tick_count, lag(bucket) over (order by bucket) as before
            from ohlc_minute
           where symbol = $1 and bucket >= $2 and bucket < $3
           order by bucket) minutes`;

/** @param range whole minutes */
export async function readMinutes(reader: Reader, range: SymbolRange): Promise<StoredMinutes> {
  const { symbol, fromUs, toUs } = range;
  const [row] = await reader.read((sql) => sql.unsafe<Row[]>(READ_MINUTES, [symbol, fromUs, toUs], { prepare: true }));
  return { empty: row === undefined ? [range] : emptyOf(range, row), tickCount: row?.tickCount ?? 0 };
}

function emptyOf({ fromUs, toUs }: TimeRange, { firstUs, lastUs, lasts, nexts }: Row): TimeRange[] {
  if (firstUs === null || lastUs === null) return [{ fromUs, toUs }];
  const ends = instants(nexts);
  const between = instants(lasts).map((us, i) => ({ fromUs: us + US_PER_MINUTE, toUs: ends[i] ?? toUs }));
  const all = [{ fromUs, toUs: firstUs }, ...between, { fromUs: lastUs + US_PER_MINUTE, toUs }];
  return all.filter((run) => run.fromUs < run.toUs);
}

/** What is stored of quotes, and of what was done to ticks. */
export interface StoredFacts {
  /** Whether anybody ever sent the symbol. */
  readonly isKnown: boolean;
  readonly quoteCount: number;
  readonly crossedMinutes: number;
  /** Null where some were not counted. */
  readonly lateTicks: number | null;
  readonly corrections: number;
}

/**
 * Quotes are counted by the hour, and by the minute at both ends ($4 and $5 are where the whole hours lie). A minute is looked at where
 * its hour has a spread below zero. Of a revision that goes beyond the range all counts.
 */
const READ_FACTS = `
  select exists (select from symbols where symbol = $1) as "isKnown",
         (select coalesce(sum(quote_count), 0)::bigint
            from (select quote_count from quote_hour where symbol = $1 and bucket >= $4 and bucket < $5
                  union all
                  select quote_count from quote_minute where symbol = $1 and bucket >= $2 and bucket < $4
                  union all
                  select quote_count from quote_minute where symbol = $1 and bucket >= $5 and bucket < $3) counts) as "quoteCount",
         (select count(*)
            from quote_hour hour
           cross join lateral (
                 select from quote_minute
                  where symbol = $1 and bucket >= greatest(hour.bucket, $2) and bucket < least(hour.bucket + interval '1 hour', $3)
                    and spread_min < 0) minute
           where hour.symbol = $1 and hour.bucket > $2::timestamptz - interval '1 hour' and hour.bucket < $3
             and hour.spread_min < 0) as "crossedMinutes",
         changed.*
    from (select case when coalesce(bool_and(ticks is not null) filter (where kind = 'late'), true)
                      then coalesce(sum(ticks) filter (where kind = 'late'), 0)::bigint end as "lateTicks",
                 coalesce(sum(coalesce(ticks, 1)) filter (where kind <> 'late'), 0)::bigint as corrections
            from revisions
           where symbol = $1 and from_time < $3 and to_time > $2) changed`;

const NOTHING: StoredFacts = { isKnown: false, quoteCount: 0, crossedMinutes: 0, lateTicks: 0, corrections: 0 };

/** @param range whole minutes */
export async function readFacts(reader: Reader, { symbol, fromUs, toUs }: SymbolRange): Promise<StoredFacts> {
  const hourFromUs = Math.min(Math.ceil(fromUs / US_PER_HOUR) * US_PER_HOUR, toUs);
  const hourToUs = Math.max(Math.floor(toUs / US_PER_HOUR) * US_PER_HOUR, hourFromUs);
  const [row] = await reader.read((sql) =>
    sql.unsafe<StoredFacts[]>(READ_FACTS, [symbol, fromUs, toUs, hourFromUs, hourToUs], { prepare: true }),
  );
  return row ?? NOTHING;
}

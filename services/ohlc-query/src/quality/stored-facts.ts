import { type Micros, type SymbolRange, US_PER_HOUR } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";

/** What is stored of ticks and quotes, and of what was done to them. */
export interface StoredFacts {
  readonly tickCount: number;
  readonly quoteCount: number;
  readonly crossedMinutes: number;
  /** Null where some were not counted. */
  readonly lateTicks: number | null;
  readonly importedTicks: number | null;
  readonly corrections: number;
}

interface Row extends Omit<StoredFacts, "crossedMinutes"> {
  /** From the first hour with a spread below zero to the end of the last one; null where there is none. */
  readonly crossedFromUs: Micros | null;
  readonly crossedToUs: Micros | null;
}

/** Ticks that come late came of something that goes on; what is a day old when it is stored is history. */
const IMPORTED_AFTER = "interval '1 day'";

/** Counts by the hour, and by the minute at both ends: $4 and $5 are where the whole hours lie. */
function counted(family: "ohlc" | "quote", count: "tick_count" | "quote_count"): string {
  return `(select coalesce(sum(${count}), 0)::bigint
             from (select ${count} from ${family}_hour where symbol = $1 and bucket >= $4 and bucket < $5
                   union all
                   select ${count} from ${family}_minute where symbol = $1 and bucket >= $2 and bucket < $4
                   union all
                   select ${count} from ${family}_minute where symbol = $1 and bucket >= $5 and bucket < $3) counts)`;
}

/** A sum that is null where a part of it is not known. */
function summed(which: string): string {
  return `case when coalesce(bool_and(ticks is not null) filter (where ${which}), true)
               then coalesce(sum(ticks) filter (where ${which}), 0)::bigint end`;
}

/** Of a revision that goes beyond the range all counts. */
const READ_FACTS = `
  select ${counted("ohlc", "tick_count")} as "tickCount",
         ${counted("quote", "quote_count")} as "quoteCount",
         crossed.*, changed.*
    from (select min(bucket) as "crossedFromUs", max(bucket) + interval '1 hour' as "crossedToUs"
            from quote_hour
           where symbol = $1 and bucket > $2::timestamptz - interval '1 hour' and bucket < $3 and spread_min < 0) crossed,
         (select ${summed(`kind = 'late' and at < to_time + ${IMPORTED_AFTER}`)} as "lateTicks",
                 ${summed(`kind = 'late' and at >= to_time + ${IMPORTED_AFTER}`)} as "importedTicks",
                 coalesce(sum(coalesce(ticks, 1)) filter (where kind <> 'late'), 0)::bigint as corrections
            from revisions
           where symbol = $1 and from_time < $3 and to_time > $2) changed`;

/** Asked only of where some hour has one: elsewhere no minute is read. */
const READ_CROSSED = `
  select count(*) as minutes
    from quote_minute
   where symbol = $1 and bucket >= $2 and bucket < $3 and spread_min < 0`;

const NOTHING: StoredFacts = {
  ...{ tickCount: 0, quoteCount: 0, crossedMinutes: 0, lateTicks: 0, importedTicks: 0, corrections: 0 },
};

/** @param range whole minutes */
export async function readFacts(reader: Reader, range: SymbolRange): Promise<StoredFacts> {
  const { symbol, fromUs, toUs } = range;
  const hourFromUs = Math.min(Math.ceil(fromUs / US_PER_HOUR) * US_PER_HOUR, toUs);
  const hourToUs = Math.max(Math.floor(toUs / US_PER_HOUR) * US_PER_HOUR, hourFromUs);
  const [row] = await reader.read((sql) =>
    sql.unsafe<Row[]>(READ_FACTS, [symbol, fromUs, toUs, hourFromUs, hourToUs], { prepare: true }),
  );
  if (row === undefined) return NOTHING;
  const { crossedFromUs, crossedToUs, ...facts } = row;
  if (crossedFromUs === null || crossedToUs === null) return { ...facts, crossedMinutes: 0 };
  const crossed = { symbol, fromUs: Math.max(fromUs, crossedFromUs), toUs: Math.min(toUs, crossedToUs) };
  return { ...facts, crossedMinutes: await readCrossed(reader, crossed) };
}

async function readCrossed(reader: Reader, { symbol, fromUs, toUs }: SymbolRange): Promise<number> {
  const [row] = await reader.read((sql) =>
    sql.unsafe<{ minutes: number }[]>(READ_CROSSED, [symbol, fromUs, toUs], { prepare: true }),
  );
  return row?.minutes ?? 0;
}

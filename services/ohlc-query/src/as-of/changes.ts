import type { Engine, Queries } from "@fx-ohlc/database";
import { formatTime, type Micros, type SymbolRange, type TimeRange } from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";
import { type BinaryColumn, instants } from "../binary-columns.js";
import type { Reader } from "../reader.js";
import type { Moment } from "./moment.js";

/** Changes that are not in stored bars yet, whenever they were made. */
const WAITING: Readonly<Record<Engine, string>> = {
  timescaledb: `
        union all
        select from_time, to_time from refresh_queue where symbol = $1 and from_time < $3 and to_time > $2`,
  postgres: "",
};

/** The first of the ticks in a range that were stored after a moment though they were not late. */
const YOUNG = `
         (select time from ticks
           where symbol = $1 and time >= $5 and time < $6 and recorded_at > $4
           order by time limit 1) as "youngUs",`;

/**
 * Parameters: symbol, both ends, the moment, and the ends of what is young. Late ticks are noted an hour a row, so that none of these
 * begins earlier than that before a range it reaches into. What is known of ticks that are dropped is only that they had changed.
 */
const statement = (engine: Engine, young: string) => `
  select${young}
         string_agg(timestamptz_send(from_time), '' order by from_time, to_time) as froms,
         string_agg(timestamptz_send(to_time), '' order by from_time, to_time)   as tos,
         (select dropped_before from retention_mark) as "droppedBeforeUs",
         (select case when $2::timestamptz < dropped_before
                      then exists (select from revisions
                                    where symbol = $1 and from_time < least($3, dropped_before) and to_time > $2 and at > $4) end
            from retention_mark) as "hasChangedDropped",
         (select case when $2::timestamptz < dropped_before
                      then exists (select from ohlc_minute
                                    where symbol = $1 and bucket > $2 - interval '1 minute' and bucket < least($3, dropped_before)) end
            from retention_mark) as "hadTicks"
    from (select from_time, to_time
            from revisions
           where symbol = $1 and kind = 'late' and at > $4
             and from_time > $2::timestamptz - interval '1 hour' and from_time < $3 and to_time > $2
        union all
        select minute, minute + interval '1 minute'
          from (select distinct date_trunc('minute', time) as minute
                  from tick_history
                 where symbol = $1 and time >= $2 and time < $3 and removed_at > $4) removed${WAITING[engine]}) changed`;

const both = (engine: Engine) => ({ with: statement(engine, YOUNG), without: statement(engine, "") });
const STATEMENTS = { timescaledb: both("timescaledb"), postgres: both("postgres") };

interface ChangesRow {
  readonly youngUs?: Micros | null;
  readonly froms: BinaryColumn;
  readonly tos: BinaryColumn;
  readonly droppedBeforeUs: Micros;
  /** Null where nothing of the range is dropped. */
  readonly hasChangedDropped: boolean | null;
  readonly hadTicks: boolean | null;
}

/** What is found of a range, and the part of it that is young. */
interface Found extends ChangesRow {
  readonly young: TimeRange | undefined;
}

async function readChanges(
  sql: Queries,
  engine: Engine,
  { symbol, fromUs, toUs }: SymbolRange,
  moment: Moment,
): Promise<Found> {
  const young = youngOf({ fromUs, toUs }, moment);
  const parameters = [symbol, fromUs, toUs, moment.knownUs];
  const [row] =
    young === undefined
      ? await sql.unsafe<ChangesRow[]>(STATEMENTS[engine].without, parameters, { prepare: true })
      : await sql.unsafe<ChangesRow[]>(STATEMENTS[engine].with, [...parameters, young.fromUs, young.toUs], {
          prepare: true,
        });
  if (row === undefined) throw new Error("an aggregate gave no row");
  return { ...row, young };
}

function gone(droppedBeforeUs: Micros): Problem {
  const horizon = formatTime(droppedBeforeUs);
  const detail = `Ticks before ${horizon} are not kept any more, and so nobody knows what was known of them.`;
  return new Problem("gone", detail);
}

/**
 * Where bars of a symbol may be others than they were known at a moment, ascending. To be asked after they were read: what changes
 * later than that changes nothing about them.
 *
 * @throws Problem 410 where the ticks of some that have changed are dropped
 */
export async function changedBars(reader: Reader, range: SymbolRange, moment: Moment): Promise<TimeRange[]> {
  const found = await reader.read((sql) => readChanges(sql, reader.engine, range, moment));
  const { froms, tos, young, youngUs, droppedBeforeUs, hasChangedDropped } = found;
  if (hasChangedDropped === true || (young !== undefined && young.fromUs < droppedBeforeUs))
    throw gone(droppedBeforeUs);
  const ends = instants(tos);
  const changed = instants(froms).map((fromUs, i) => ({ fromUs, toUs: ends[i] ?? fromUs }));
  return young === undefined || youngUs == null ? changed : [...changed, { fromUs: youngUs, toUs: young.toUs }];
}

/**
 * Whether ticks may be others than they were known.
 *
 * @throws Problem 410 where some are dropped
 */
export async function haveTicksChanged(reader: Reader, range: SymbolRange, moment: Moment): Promise<boolean> {
  const row = await reader.read((sql) => readChanges(sql, reader.engine, range, moment));
  if (row.hadTicks === true) throw gone(row.droppedBeforeUs);
  return row.froms !== null || row.youngUs != null;
}

/** What of a range may have been stored after a moment though it was not late. */
function youngOf({ fromUs, toUs }: TimeRange, { youngFromUs, nothingFromUs }: Moment): TimeRange | undefined {
  const young = { fromUs: Math.max(fromUs, youngFromUs), toUs: Math.min(toUs, nothingFromUs) };
  return young.fromUs < young.toUs ? young : undefined;
}

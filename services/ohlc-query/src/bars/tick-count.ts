import { type Engine, type Queries, readMark } from "@fx-ohlc/database";
import { type Micros, type TickKey, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";
import { droppedDays, parseDropped } from "../archive/dropped-days.js";
import type { Reader } from "../reader.js";

/** Ticks that are counted one by one where the minutes cannot tell, some 0.2 s. */
const COUNTED_MAX = 2_000_000;

/** Which ticks to count: those of a symbol from the start of an FX day up to a place in (time, seq), it included. */
export interface CountedTicks {
  readonly symbol: string;
  readonly dayStartUs: Micros;
  readonly upTo: TickKey;
}

/** Where ticks are counted. */
type CountSource = Pick<Reader, "read" | "engine" | "archive" | "ending">;

/** Late ticks and corrections that are not in the bars yet wait in a queue; on plain PostgreSQL there are none. */
const WAITING: Readonly<Record<Engine, string>> = {
  timescaledb:
    "exists (select from refresh_queue where symbol = $1 and from_time < $3::timestamptz and to_time > $2::timestamptz)",
  postgres: "false",
};

/** One statement is one snapshot: what waits, what the minutes hold, and the ticks of the minute that is cut. */
const statement = (waiting: string) => `
  select ${waiting} as waits,
         ${droppedDays("$3", "$4")} as dropped,
         (select coalesce(sum(tick_count), 0)::bigint
            from ohlc_minute
           where symbol = $1 and bucket >= $2::timestamptz and bucket < $3::timestamptz) as stored,
         (select count(*)
            from ticks
           where symbol = $1 and time >= $3::timestamptz and time <= $4::timestamptz and (time, seq) <= ($4, $5::int2)) as near`;

const STATEMENTS = { timescaledb: statement(WAITING.timescaledb), postgres: statement(WAITING.postgres) };

interface Counts {
  readonly waits: boolean;
  readonly stored: number;
  readonly near: number;
  readonly dropped: string | null;
}

/**
 * How many ticks an FX day has up to a place. The minutes know it without a look at the ticks, also of those that retention has
 * dropped; only the minute that is cut has to be looked at.
 *
 * @throws Problem 503 when changes of very many ticks are not in the minutes yet, or the archive is away
 */
export async function countTicks(reader: CountSource, wanted: CountedTicks): Promise<number> {
  const { symbol, dayStartUs, upTo } = wanted;
  const minuteUs = Math.max(dayStartUs, Math.floor(upTo.timeUs / US_PER_MINUTE) * US_PER_MINUTE);
  const parameters = [symbol, dayStartUs, minuteUs, upTo.timeUs, upTo.seq];
  const text = STATEMENTS[reader.engine];
  const [found] = await reader.read((sql) => sql.unsafe<Counts[]>(text, parameters, { prepare: true }));
  if (found === undefined) return 0;
  if (found.waits) return reader.read((sql) => countOneByOne(sql, wanted));
  const dropped = parseDropped(found.dropped);
  if (dropped === undefined) return found.stored + found.near;
  const cut = { fromUs: minuteUs, toUs: upTo.timeUs, order: "desc", seq: upTo.seq + 1, rowsMax: COUNTED_MAX } as const;
  const { timeUs } = await reader.archive.read(dropped, cut, reader.ending);
  return found.stored + timeUs.length;
}

async function countOneByOne(sql: Queries, { symbol, dayStartUs, upTo }: CountedTicks): Promise<number> {
  // Up to the mark ticks are in the table until no changed bar waits for them.
  const { wholeFromUs } = await readMark(sql);
  const fromUs = Math.max(dayStartUs, wholeFromUs);
  const [found] = await sql<{ dropped: number; kept: number }[]>`
    select (select coalesce(sum(tick_count), 0)::bigint
              from ohlc_minute
             where symbol = ${symbol} and bucket >= ${dayStartUs} and bucket < ${fromUs}) as dropped,
           (select count(*)
              from (select from ticks
                     where symbol = ${symbol} and time >= ${fromUs} and time <= ${upTo.timeUs}
                       and (time, seq) <= (${upTo.timeUs}, ${upTo.seq}::int2)
                     limit ${COUNTED_MAX + 1}) counted) as kept`;
  const { dropped, kept } = found ?? { dropped: 0, kept: 0 };
  if (kept > COUNTED_MAX) throw new Problem("unavailable", "Many changed ticks of this day are not counted yet.");
  return dropped + kept;
}

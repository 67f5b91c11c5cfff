import type { Sql } from "@fx-ohlc/database";
import { formatTime, type Micros } from "@fx-ohlc/schemas";
import { elements, prices } from "./bars/bar-columns.js";

/** Ticks of one symbol, ordered by (time, seq), a column each; prices are texts, as in bars. */
export interface TickColumns {
  readonly timeUs: readonly Micros[];
  readonly seq: readonly string[];
  readonly price: readonly string[];
}

/** Which ticks to read: those of one symbol within [fromUs, toUs), and of those at `fromUs` only the ones after `afterSeq`. */
export interface TickRange {
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  /** -1 for all. */
  readonly afterSeq: number;
  readonly rowsMax: number;
}

/** Reads ticks. The row comparison is one range of the primary key, however many ticks share the first stamp. */
export async function readTicks(
  sql: Sql,
  { symbol, fromUs, toUs, afterSeq, rowsMax }: TickRange,
): Promise<TickColumns> {
  const [row] = await sql<{ times: string | null; seqs: string | null; prices: string | null }[]>`
    select array_agg((date_part('epoch', time) * 1e6)::bigint)::text as times,
           array_agg(seq)::text                                      as seqs,
           array_agg(price)::text                                    as prices
      from (select time, seq, price
              from ticks
             where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs}
               and (time, seq) > (${fromUs}, ${afterSeq}::int2)
             order by time, seq
             limit ${rowsMax}) ticks`;
  return {
    timeUs: elements(row?.times ?? null).map(Number),
    seq: elements(row?.seqs ?? null),
    price: prices(row?.prices ?? null),
  };
}

/** The JSON text of the first `count` ticks. */
export function ticksJson({ timeUs, seq, price }: TickColumns, symbol: string, count: number): string {
  let json = "";
  for (let i = 0; i < timeUs.length && i < count; i += 1) {
    json += `${i === 0 ? "" : ","}{"time":"${formatTime(timeUs[i] ?? 0)}","symbol":"${symbol}","price":${price[i]},"seq":${seq[i]}}`;
  }
  return `[${json}]`;
}

import type { Queries } from "@fx-ohlc/database";
import { formatTime, type Micros, type SymbolRange, US_PER_DAY } from "@fx-ohlc/schemas";
import { type BinaryColumn, float8s, instants, int8s } from "./binary-columns.js";
import { type Column, column, type Table } from "./formats/table.js";
import type { Reader } from "./reader.js";

/** Ticks of one symbol, ordered by (time, seq), a column each. */
export interface TickColumns {
  readonly timeUs: readonly Micros[];
  readonly seq: readonly number[];
  readonly price: readonly number[];
}

export const NO_TICKS: TickColumns = { timeUs: [], seq: [], price: [] };

/** Which ticks to read: those of one symbol within [fromUs, toUs), and of those at `fromUs` only the ones after `afterSeq`. */
export interface TickRange extends SymbolRange {
  /** -1 for all. */
  readonly afterSeq: number;
  readonly rowsMax: number;
}

/** Days that one statement looks through: at first as many as nearly every page needs, and then more up to a bound. */
const FIRST_SPAN_US = 8 * US_PER_DAY;
const SPAN_GROWTH = 4;
const SPAN_MAX_US = 256 * US_PER_DAY;

/**
 * Reads the first ticks of a range in pieces of time. Each has a plan of its own that leaves out all chunks but its own: for
 * ten years of them in one statement the planner alone takes seconds.
 */
export async function readTicks(reader: Reader, range: TickRange): Promise<TickColumns> {
  const parts: TickColumns[] = [];
  let { fromUs, afterSeq, rowsMax } = range;
  for (let spanUs = FIRST_SPAN_US; rowsMax > 0 && fromUs < range.toUs; ) {
    const piece = { ...range, fromUs, afterSeq, rowsMax, toUs: Math.min(range.toUs, fromUs + spanUs) };
    const part = await reader.read((sql) => readPiece(sql, piece));
    parts.push(part);
    [fromUs, afterSeq, rowsMax] = [piece.toUs, -1, rowsMax - part.timeUs.length];
    spanUs = Math.min(SPAN_MAX_US, spanUs * SPAN_GROWTH);
  }
  const [only = NO_TICKS, ...more] = parts.filter(({ timeUs }) => timeUs.length > 0);
  return more.length === 0 ? only : joinTicks([only, ...more]);
}

function joinTicks(parts: readonly TickColumns[]): TickColumns {
  return {
    timeUs: parts.flatMap(({ timeUs }) => timeUs),
    seq: parts.flatMap(({ seq }) => seq),
    price: parts.flatMap(({ price }) => price),
  };
}

/**
 * The row comparison is one range of the primary key, however many ticks share the first stamp. Ticks before the mark are being
 * dropped: nobody sees the half of a day that is still there.
 */
async function readPiece(sql: Queries, { symbol, fromUs, toUs, afterSeq, rowsMax }: TickRange): Promise<TickColumns> {
  const [row] = await sql<{ times: BinaryColumn; seqs: BinaryColumn; prices: BinaryColumn }[]>`
    select string_agg(timestamptz_send(time), '') as times,
           string_agg(int8send(seq), '')          as seqs,
           string_agg(float8send(price), '')      as prices
      from (select time, seq, price
              from ticks
             where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs}
               and (time, seq) > (${fromUs}, ${afterSeq}::int2)
               and time >= (select dropped_before from retention_mark)
             order by time, seq
             limit ${rowsMax}) ticks`;
  const { times, seqs, prices } = row ?? { times: null, seqs: null, prices: null };
  return { timeUs: instants(times), seq: int8s(seqs), price: float8s(prices) };
}

/** The first `count` ticks; as CSV they can be posted as they are. */
export function tickTable({ timeUs, seq, price }: TickColumns, symbol: string, count: number): Table {
  const columns: Column[] = [
    { name: "time", cell: (row) => formatTime(timeUs[row] ?? 0) },
    { name: "symbol", cell: () => symbol },
    column("price", price),
    column("seq", seq),
  ];
  return { rows: Math.min(count, timeUs.length), columns };
}

/** The JSON text of the first `count` ticks. */
export function ticksJson({ timeUs, seq, price }: TickColumns, symbol: string, count: number): string {
  let json = "";
  for (let i = 0; i < timeUs.length && i < count; i += 1) {
    json += `${i === 0 ? "" : ","}{"time":"${formatTime(timeUs[i] ?? 0)}","symbol":"${symbol}","price":${price[i]},"seq":${seq[i]}}`;
  }
  return `[${json}]`;
}

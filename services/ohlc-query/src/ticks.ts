import { formatTime, type Micros, type SymbolRange, US_PER_DAY } from "@fx-ohlc/schemas";
import { droppedDays, IS_THERE, parseDropped } from "./archive/dropped-days.js";
import { Merging } from "./archive/merged-ticks.js";
import { type BinaryColumn, float8s, instants, int8s } from "./binary-columns.js";
import { type Column, column, type Table, timesColumn } from "./formats/table.js";
import type { Reader } from "./reader.js";

/** Ticks of one symbol, ordered by (time, seq), a column each. */
export interface TickColumns {
  readonly timeUs: readonly Micros[];
  readonly seq: readonly number[];
  readonly price: readonly number[];
  /** Of a symbol that never had quotes undefined. */
  readonly sides: TickSides | undefined;
}

/** The sides of quotes; not numbers where a tick is a single price. */
interface TickSides {
  readonly bid: readonly number[];
  readonly ask: readonly number[];
}

const NO_TICKS: TickColumns = { timeUs: [], seq: [], price: [], sides: undefined };

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
 *
 * @param places where to look for them: also in the archive, or only in the table
 */
export async function readTicks(
  reader: Reader,
  range: TickRange,
  places: "all" | "table" = "all",
): Promise<TickColumns> {
  const parts: TickColumns[] = [];
  let { fromUs, afterSeq, rowsMax } = range;
  for (let spanUs = FIRST_SPAN_US; rowsMax > 0 && fromUs < range.toUs; ) {
    const piece = { ...range, fromUs, afterSeq, rowsMax, toUs: Math.min(range.toUs, fromUs + spanUs) };
    const part = await readPiece(reader, piece, places);
    parts.push(part);
    [fromUs, afterSeq, rowsMax] = [piece.toUs, -1, rowsMax - part.timeUs.length];
    spanUs = Math.min(SPAN_MAX_US, spanUs * SPAN_GROWTH);
  }
  const [only = parts[0] ?? NO_TICKS, ...more] = parts.filter(({ timeUs }) => timeUs.length > 0);
  return more.length === 0 ? only : joinTicks([only, ...more]);
}

function joinTicks(parts: readonly TickColumns[]): TickColumns {
  const hasQuotes = parts.some(({ sides }) => sides !== undefined);
  const side = (name: keyof TickSides) =>
    parts.flatMap(({ timeUs, sides }) => sides?.[name] ?? timeUs.map(() => Number.NaN));
  return {
    timeUs: parts.flatMap(({ timeUs }) => timeUs),
    seq: parts.flatMap(({ seq }) => seq),
    price: parts.flatMap(({ price }) => price),
    sides: hasQuotes ? { bid: side("bid"), ask: side("ask") } : undefined,
  };
}

/** One row of aggregated ticks. */
interface TicksRow {
  readonly times: BinaryColumn;
  readonly seqs: BinaryColumn;
  readonly prices: BinaryColumn;
  readonly bids: BinaryColumn;
  readonly asks: BinaryColumn;
  /** Null of a symbol nobody knows. */
  readonly hasQuotes: boolean | null;
  readonly dropped: string | null;
}

const NO_ROW: TicksRow = {
  times: null,
  seqs: null,
  prices: null,
  bids: null,
  asks: null,
  hasQuotes: null,
  dropped: null,
};

/** The row comparison is one range of the primary key, however many ticks share the first stamp. */
const PIECE = `
    select string_agg(timestamptz_send(time), '') as times,
           string_agg(int8send(seq), '')          as seqs,
           string_agg(float8send(price), '')      as prices,
           string_agg(float8send(case when quotes then coalesce(bid, 'NaN') end), '') as bids,
           string_agg(float8send(case when quotes then coalesce(ask, 'NaN') end), '') as asks,
           (select quotes from symbols where symbol = $1) as "hasQuotes",
           ${droppedDays()} as dropped
      from (select time, seq, price, bid, ask, (select quotes from symbols where symbol = $1) as quotes
              from ticks
             where symbol = $1 and time >= $2 and time < $3
               and (time, seq) > ($2, $4::int2)
               and ${IS_THERE}
             order by time, seq
             limit $5) ticks`;

/** What retention has dropped comes from the archive, where there is one. */
async function readPiece(reader: Reader, range: TickRange, places: "all" | "table"): Promise<TickColumns> {
  const { symbol, fromUs, toUs, afterSeq, rowsMax } = range;
  const parameters = [symbol, fromUs, toUs, afterSeq, rowsMax];
  const [row = NO_ROW] = await reader.read((sql) => sql.unsafe<TicksRow[]>(PIECE, parameters, { prepare: true }));
  const ticks: TickColumns = {
    ...{ timeUs: instants(row.times), seq: int8s(row.seqs), price: float8s(row.prices) },
    sides: row.hasQuotes === true ? { bid: float8s(row.bids), ask: float8s(row.asks) } : undefined,
  };
  const dropped = parseDropped(row.dropped);
  if (dropped === undefined || places === "table") return ticks;
  const files = await reader.archive.read(dropped, { ...range, order: "asc", seq: afterSeq }, reader.ending);
  const both = new Merging(files.timeUs, ticks.timeUs, { order: "asc", rowsMax });
  return {
    ...{ timeUs: both.of(files.timeUs, ticks.timeUs), seq: both.of(files.seq, ticks.seq) },
    price: both.of(files.price, ticks.price),
    sides: ticks.sides && { bid: both.of(files.bid, ticks.sides.bid), ask: both.of(files.ask, ticks.sides.ask) },
  };
}

/** The first `count` ticks; as CSV single prices can be posted as they are. */
export function tickTable({ timeUs, seq, price, sides }: TickColumns, symbol: string, count: number): Table {
  const columns: Column[] = [
    timesColumn("time", timeUs, formatTime),
    { name: "symbol", cell: () => symbol, words: [symbol] },
    column("price", price),
    column("seq", seq),
  ];
  if (sides !== undefined) columns.push(sideColumn("bid", sides.bid), sideColumn("ask", sides.ask));
  return { rows: Math.min(count, timeUs.length), columns };
}

/** Objects of single prices do without it. */
function sideColumn(name: keyof TickSides, values: readonly number[]): Column {
  const cell = (row: number) => {
    const value = values[row] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
  return { name, cell, sparse: true };
}

/** The JSON text of the first `count` ticks. */
export function ticksJson({ timeUs, seq, price, sides }: TickColumns, symbol: string, count: number): string {
  let json = "";
  for (let i = 0; i < timeUs.length && i < count; i += 1) {
    const quote = sides === undefined ? "" : sidesJson(sides, i);
    json += `${i === 0 ? "" : ","}{"time":"${formatTime(timeUs[i] ?? 0)}","symbol":"${symbol}","price":${price[i]},"seq":${seq[i]}${quote}}`;
  }
  return `[${json}]`;
}

function sidesJson({ bid, ask }: TickSides, i: number): string {
  return Number.isNaN(bid[i]) ? "" : `,"bid":${bid[i]},"ask":${ask[i]}`;
}

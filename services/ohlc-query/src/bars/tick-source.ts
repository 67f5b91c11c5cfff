import type { Queries } from "@fx-ohlc/database";
import { type Micros, parseSum, type SymbolRange } from "@fx-ohlc/schemas";
import { droppedDays, IS_THERE, parseDropped } from "../archive/dropped-days.js";
import { mergeSingleTicks, singleTicks } from "../archive/merged-ticks.js";
import { type BinaryColumn, float8s, instants, int8s } from "../binary-columns.js";
import type { Reader } from "../reader.js";
import type { BarArrays } from "./bar-columns.js";
import type { QuoteArrays } from "./quote-columns.js";

/** Which ticks to read: of one symbol, from one end of a range on. */
export interface TickPiece extends SymbolRange {
  readonly order: "asc" | "desc";
  /** `asc`: of those at `fromUs` only the ones after it, -1 for all. `desc`: those at `toUs` before it too, 0 for none. */
  readonly seq: number;
  readonly rowsMax: number;
  readonly withQuotes: boolean;
}

/** Ticks in the order of (time, seq), each as the bar that it is by itself. */
export interface SingleTicks {
  readonly columns: BarArrays;
  readonly seq: readonly number[];
}

/** The same decimals as those that stored bars are made of, so that both say the same of the same quotes. */
const QUOTES = `,
         string_agg(float8send(coalesce(bid, 'NaN')), '') as bids,
         string_agg(float8send(coalesce(ask, 'NaN')), '') as asks,
         string_agg(float8send(coalesce(quote_points(bid, ask) / 1e6::float8, quote_decimals(bid, ask)::float8, 'NaN')), '') as spreads,
         string_agg(coalesce(quote_points(bid, ask) * 0.000001, quote_decimals(bid, ask), 0)::text, ',') as "spreadSums"`;

/** How a piece is read: its parameters are the symbol, both ends, the `seq` and the most rows. */
export type Kind = Pick<TickPiece, "order" | "withQuotes">;

/** What of a symbol's ticks is in a piece. A row comparison is one range of the primary key. */
export function cursorOf({ order }: Kind): string {
  return order === "asc"
    ? "time >= $2 and time < $3 and (time, seq) > ($2, $4::int2)"
    : "time >= $2 and time <= $3 and (time, seq) < ($3, $4::int2)";
}

/**
 * The statement that gives the ticks that a subquery selects, in whatever order.
 *
 * @param more what else it selects
 */
export function tickStatement({ withQuotes }: Kind, ticks: string, more = ""): string {
  return `
  select string_agg(timestamptz_send(time), '') as times,
         string_agg(int8send(seq), '')          as seqs,
         string_agg(float8send(price), '')      as prices${withQuotes ? QUOTES : ""}${more}
    from (select * from (${ticks}) nearest order by time, seq) ticks`;
}

/** Makes a statement of each kind. */
export function eachKind(statement: (kind: Kind) => string) {
  const both = (order: Kind["order"]) => ({
    with: statement({ order, withQuotes: true }),
    without: statement({ order, withQuotes: false }),
  });
  return { asc: both("asc"), desc: both("desc") } as const;
}

const STATEMENTS = eachKind((kind) =>
  tickStatement(
    kind,
    `select time, seq, price, bid, ask
       from ticks
      where symbol = $1 and ${cursorOf(kind)}
        and ${IS_THERE}
      order by time ${kind.order}, seq ${kind.order}
      limit $5`,
    `,
         ${droppedDays()} as dropped`,
  ),
);

interface TicksRow {
  readonly times: BinaryColumn;
  readonly seqs: BinaryColumn;
  readonly prices: BinaryColumn;
  readonly bids?: BinaryColumn;
  readonly asks?: BinaryColumn;
  readonly spreads?: BinaryColumn;
  readonly spreadSums?: string | null;
  readonly dropped?: string | null;
}

/** Reads the first or the last ticks of a range, those that are dropped from the archive, where there is one. */
export async function readTickPiece(reader: Reader, piece: TickPiece): Promise<SingleTicks> {
  const row = await reader.read((sql) => readRow(sql, STATEMENTS, piece));
  const { withQuotes } = piece;
  const inTable = ticksOf(row, withQuotes);
  const dropped = parseDropped(row.dropped ?? null);
  if (dropped === undefined) return inTable;
  const inFiles = singleTicks(await reader.archive.read(dropped, piece, reader.ending), withQuotes);
  return mergeSingleTicks(inFiles, inTable, piece);
}

/** The same of those that are not dropped. */
export async function readKeptTickPiece(sql: Queries, piece: TickPiece): Promise<SingleTicks> {
  return readPieceBy(sql, STATEMENTS, piece);
}

/** @param more parameters of the statements besides those of the piece */
export async function readPieceBy(
  sql: Queries,
  statements: ReturnType<typeof eachKind>,
  piece: TickPiece,
  more: readonly Micros[] = [],
): Promise<SingleTicks> {
  return ticksOf(await readRow(sql, statements, piece, more), piece.withQuotes);
}

async function readRow(
  sql: Queries,
  statements: ReturnType<typeof eachKind>,
  { symbol, fromUs, toUs, seq, rowsMax, order, withQuotes }: TickPiece,
  more: readonly Micros[] = [],
): Promise<TicksRow> {
  const text = statements[order][withQuotes ? "with" : "without"];
  const [row] = await sql.unsafe<TicksRow[]>(text, [symbol, fromUs, toUs, seq, rowsMax, ...more], { prepare: true });
  // An aggregate has a row: no ticks must never be what a lost answer looks like.
  if (row === undefined) throw new Error("ticks were read without an answer");
  return row;
}

function ticksOf(row: TicksRow, withQuotes: boolean): SingleTicks {
  const price = float8s(row.prices);
  const columns = {
    ...{ bucketUs: instants(row.times), open: price, high: price, low: price, close: price },
    tickCount: new Array<number>(price.length).fill(1),
  };
  return { columns: withQuotes ? { ...columns, quotes: quotesOf(row) } : columns, seq: int8s(row.seqs) };
}

/** What is between the sides of each tick that is a quote. */
function quotesOf({ bids, asks, spreads, spreadSums }: TicksRow): QuoteArrays {
  const [bid, ask, spread] = [float8s(bids ?? null), float8s(asks ?? null), float8s(spreads ?? null)];
  const sums = spreadSums == null ? [] : spreadSums.split(",").map(parseSum);
  return {
    ...{ bidOpen: bid, bidHigh: bid, bidLow: bid, bidClose: bid },
    ...{ askOpen: ask, askHigh: ask, askLow: ask, askClose: ask },
    ...{ spreadMin: spread, spreadMax: spread },
    spreadHigh: sums.map(({ high }) => high),
    spreadLow: sums.map(({ low }) => low),
    spreadScale: sums.map(({ scale }) => scale),
    quoteCount: bid.map((value) => (Number.isNaN(value) ? 0 : 1)),
  };
}

/** Ticks of a part of a minute that are looked through for its last quote at a time. */
const QUOTE_ROWS = 1000;

/** The last quote before an instant, of the ticks since another; undefined when there is none. */
export async function readLastQuoteTick(
  reader: Reader,
  range: SymbolRange,
): Promise<{ readonly bucketUs: Micros; readonly bid: number; readonly ask: number } | undefined> {
  const piece = { ...range, order: "desc", rowsMax: QUOTE_ROWS, withQuotes: true } as const;
  for (let [toUs, seq] = [range.toUs, 0]; ; ) {
    const ticks = await readTickPiece(reader, { ...piece, toUs, seq });
    const { bucketUs, quotes } = ticks.columns;
    const place = quotes?.quoteCount.lastIndexOf(1) ?? -1;
    const [bid, ask] = [quotes?.bidClose[place], quotes?.askClose[place]];
    if (bid !== undefined && ask !== undefined) return { bucketUs: bucketUs[place] ?? toUs, bid, ask };
    if (ticks.seq.length < QUOTE_ROWS) return undefined;
    [toUs, seq] = [bucketUs[0] ?? toUs, ticks.seq[0] ?? seq];
  }
}

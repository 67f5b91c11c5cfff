import type { Queries } from "@fx-ohlc/database";
import { type Micros, parseSum, type SymbolRange } from "@fx-ohlc/schemas";
import { type BinaryColumn, float8s, instants, int8s } from "../binary-columns.js";
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

/** The statement that gives the ticks that a subquery selects, in whatever order. */
export function tickStatement({ withQuotes }: Kind, ticks: string): string {
  return `
  select string_agg(timestamptz_send(time), '') as times,
         string_agg(int8send(seq), '')          as seqs,
         string_agg(float8send(price), '')      as prices${withQuotes ? QUOTES : ""}
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

/** Ticks before the mark are being dropped: nobody sees a half of a day. */
const STATEMENTS = eachKind((kind) =>
  tickStatement(
    kind,
    `select time, seq, price, bid, ask
       from ticks
      where symbol = $1 and ${cursorOf(kind)}
        and time >= (select dropped_before from retention_mark)
      order by time ${kind.order}, seq ${kind.order}
      limit $5`,
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
}

/** Reads the first or the last ticks of a range. */
export function readTickPiece(sql: Queries, piece: TickPiece): Promise<SingleTicks> {
  return readPieceBy(sql, STATEMENTS, piece);
}

/** @param more parameters of the statements besides those of the piece */
export async function readPieceBy(
  sql: Queries,
  statements: ReturnType<typeof eachKind>,
  { symbol, fromUs, toUs, seq, rowsMax, order, withQuotes }: TickPiece,
  more: readonly Micros[] = [],
): Promise<SingleTicks> {
  const text = statements[order][withQuotes ? "with" : "without"];
  const [row] = await sql.unsafe<TicksRow[]>(text, [symbol, fromUs, toUs, seq, rowsMax, ...more], { prepare: true });
  // An aggregate has a row: no ticks must never be what a lost answer looks like.
  if (row === undefined) throw new Error("ticks were read without an answer");
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

/** The last quote before an instant, of the ticks since another; undefined when there is none. */
export async function readLastQuoteTick(
  sql: Queries,
  { symbol, fromUs, toUs }: SymbolRange,
): Promise<{ readonly bucketUs: Micros; readonly bid: number; readonly ask: number } | undefined> {
  const [found] = await sql<{ bucketUs: Micros; bid: number; ask: number }[]>`
    select time as "bucketUs", bid, ask
      from ticks
     where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs} and bid is not null
       and time >= (select dropped_before from retention_mark)
     order by time desc, seq desc
     limit 1`;
  return found;
}

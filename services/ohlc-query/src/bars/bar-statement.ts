import type { Queries } from "@fx-ohlc/database";
import { type Micros, STORED_INTERVALS, type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import { AGGREGATED_COLUMNS, type AggregatedBars, type BarArrays, barColumns } from "./bar-columns.js";
import type { Versions } from "./history.js";
import type { AskedMarks, Sighting } from "./marks.js";
import { AGGREGATED_QUOTES, type AggregatedQuotes, QUOTE_ROW, quotesOf } from "./quote-columns.js";
import type { VersionedSpan } from "./span.js";

/** No bar starts earlier: ticks begin with 1970, and the FX day of the first of them began at most 26 hours before. */
export const FIRST_BUCKET_US: Micros = -2 * US_PER_DAY;

/** The relation that holds the bars of an interval. */
export function relationOf(interval: StoredInterval): string {
  return `ohlc_${interval}`;
}

/** Stored bars to read: those of one symbol whose bucket starts within [fromUs, toUs), the first `rowsMax` or the last. */
export interface Piece {
  readonly interval: StoredInterval;
  /** Whether with what quotes were in them. */
  readonly withQuotes: boolean;
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly rowsMax: number;
  readonly order: "asc" | "desc";
}

/** What is asked for besides bars, so that chunks can be used and kept. */
export interface Question {
  readonly marks: AskedMarks;
  readonly spans: readonly VersionedSpan[];
}

/** What one statement answers: all of it is of one snapshot. */
export interface Findings {
  /** Of each piece. */
  readonly bars: readonly BarArrays[];
  /** Undefined when nothing was asked. */
  readonly seen: Seen | undefined;
}

export interface Seen extends Sighting {
  readonly versions: Versions;
}

/** An instant as whole microseconds; no bar is as old as what stands for -infinity. */
function micros(column: string): string {
  return `(extract(epoch from greatest(coalesce(${column}, '-infinity'), '1900-01-01 00:00+00')) * 1000000)::bigint`;
}

/** Of all its days, for their versions may be the same number: one transaction draws one. Null where one of them is. */
const VERSION = (symbol: string) => `
  (select case when count(*) > count(version) then 'null'
               else md5(string_agg(concat(day, ' ', version), ',' order by day)) end
     from bar_versions
    where symbol = ${symbol} and day >= wanted.date and day < (wanted.date + ('1 ' || wanted.unit)::interval)::date)`;

/** Whether anything was ever drawn for all symbols together; nearly always nothing. */
const ANY_FOR_ALL = "(select exists (select from bar_versions where symbol = ''))";

/** Parameters: the mark planned by, the newest known, arrays of the spans' symbols, units and dates. */
const SEEN = `(
  select concat_ws('|', coalesce(mark, 0), ${micros("minute_to")}, ${micros("hour_to")}, ${micros("day_to")},
                   exists (select from bar_marks where bar_marks.mark = $1::bigint),
                   exists (select from bar_marks where bar_marks.mark = $2::bigint),
                   (select string_agg(concat(${VERSION("wanted.symbol")}, '/',
                                             case when ${ANY_FOR_ALL} then ${VERSION("''")} end), ',')
                      from (select symbol, unit, date::date
                              from unnest($3::text[], $4::text[], $5::text[]) as spans(symbol, unit, date)) wanted))
    from (values (true)) one(is_row) left join bar_mark on only_row)`;

function questionOf({ marks, spans }: Question): (string | null | string[])[] {
  return [
    marks.planned?.id ?? null,
    marks.newest?.id ?? null,
    spans.map(({ symbol }) => symbol),
    spans.map(({ unit }) => unit),
    spans.map(({ date }) => date),
  ];
}

/** Of a version that is null, changes are under way that draw none. */
function parseSeen(text: string, spans: readonly VersionedSpan[]): Seen {
  const [id = "", minute, hour, day, hasPlanned, hasNewest, list = ""] = text.split("|");
  const versions = list.split(",");
  const known = spans.map(({ key }, i): [string, string | undefined] => {
    const version = versions[i];
    return [key, version === undefined || version.includes("null") ? undefined : version];
  });
  return {
    present: { id, closedTo: { minute: Number(minute), hour: Number(hour), day: Number(day) } },
    hasPlanned: hasPlanned === "t",
    hasNewest: hasNewest === "t",
    versions: new Map(known),
  };
}

/** Which stored bars a statement is about. */
type Kind = Pick<Piece, "interval" | "order" | "withQuotes">;

/** A range of bars in SQL: what its symbol, bounds and rows are called, and a condition on its buckets besides. */
interface RangeTerms {
  readonly symbol: string;
  readonly start: string;
  readonly until: string;
  readonly rows: string;
  readonly bounds: string;
}

/**
 * Selects the aggregated columns of the bars of a range. Their quotes are read from the first to the last of them; of a symbol that
 * never had any they are not looked for, for nothing of theirs is materialised.
 *
 * @param seen what to select besides
 */
function oneRow(
  { interval, order, withQuotes }: Kind,
  { symbol, start, until, rows, bounds }: RangeTerms,
  seen: string,
): string {
  const within = `symbol = ${symbol} and bucket >= ${start} and bucket < ${until}${bounds}`;
  const bars = `
           select bucket, open, high, low, close, tick_count
             from ${relationOf(interval)}
            where ${within}
            order by bucket ${order}
            limit ${rows}`;
  const ascending = order === "asc" ? bars : `select * from (${bars}) newest order by bucket`;
  if (!withQuotes) return `select ${seen}${AGGREGATED_COLUMNS} from (${ascending}) bars`;
  return `
    with bars as materialized (${ascending})
    select ${seen} prices.*, quotes.*
      from (select ${AGGREGATED_COLUMNS} from bars) prices
     cross join (select ${AGGREGATED_QUOTES}
                   from (select ${QUOTE_ROW}
                           from quote_${interval}
                          where ${within}
                            and (select known.quotes from symbols known where known.symbol = ${symbol})
                            and bucket >= (select min(bucket) from bars) and bucket <= (select max(bucket) from bars)
                          order by bucket) of_bars) quotes`;
}

/** Parameters from `first` on: symbol, start, end, rows. */
function oneRange(kind: Kind, first: number, seen: string): string {
  const [symbol = "", start = "", until = "", rows = ""] = [0, 1, 2, 3].map((i) => `$${first + i}`);
  return oneRow(kind, { symbol, start, until, rows, bounds: "" }, seen);
}

/**
 * Parameters from `first` on: arrays of symbols, starts, ends and rows; the earliest start and the latest end, which bound the read
 * for the planner.
 */
function manyRanges(kind: Kind, first: number, seen: string): string {
  const parameter = (i: number) => `$${first + i}`;
  const terms: RangeTerms = {
    ...{ symbol: "wanted.symbol", start: "wanted.start", until: "wanted.until", rows: "wanted.rows" },
    bounds: ` and bucket >= ${parameter(4)} and bucket < ${parameter(5)}`,
  };
  return `
    select ${seen} columns.*
      from unnest(${parameter(0)}::text[], ${parameter(1)}::timestamptz[], ${parameter(2)}::timestamptz[],
                  ${parameter(3)}::bigint[])
           with ordinality as wanted(symbol, start, until, rows, place)
     cross join lateral (${oneRow(kind, terms, "")}) as columns
     order by place`;
}

/**
 * The hottest statements: their texts are made once. A relation's name as a fragment of a tagged template would cost as much
 * as the rest of the query on this side, some 40 µs.
 */
function statementsOf(kind: Kind) {
  return {
    one: oneRange(kind, 1, ""),
    many: manyRanges(kind, 1, ""),
    oneSeen: oneRange(kind, 6, `${SEEN} as seen, `),
    manySeen: manyRanges(kind, 6, `case when place = 1 then ${SEEN} end as seen, `),
  };
}

function keyOf({ interval, order, withQuotes }: Kind): string {
  return `${interval} ${order} ${withQuotes}`;
}

const KINDS: readonly Kind[] = STORED_INTERVALS.flatMap((interval) =>
  (["asc", "desc"] as const).flatMap((order) => [true, false].map((withQuotes) => ({ interval, order, withQuotes }))),
);
const STATEMENTS = new Map(KINDS.map((kind) => [keyOf(kind), statementsOf(kind)]));
const ONLY_SEEN = `select ${SEEN} as seen`;

function rangeParameters(pieces: readonly Piece[]) {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return [only.symbol, only.fromUs, only.toUs, only.rowsMax];
  const starts = pieces.map(({ fromUs }) => fromUs);
  const ends = pieces.map(({ toUs }) => toUs);
  const symbols = pieces.map(({ symbol }) => symbol);
  return [symbols, starts, ends, pieces.map(({ rowsMax }) => rowsMax), Math.min(...starts), Math.max(...ends)];
}

interface FoundRow extends AggregatedBars, AggregatedQuotes {
  readonly seen?: string | null;
}

function barsOf({ withQuotes }: Piece, row: FoundRow | undefined): BarArrays {
  const bars = barColumns(row);
  return withQuotes && row !== undefined ? { ...bars, quotes: quotesOf(row, bars.bucketUs) } : bars;
}

function statementFor([first, second]: readonly Piece[], isAsked: boolean): string {
  const statements = first === undefined ? undefined : STATEMENTS.get(keyOf(first));
  if (statements === undefined) return ONLY_SEEN;
  if (second === undefined) return isAsked ? statements.oneSeen : statements.one;
  return isAsked ? statements.manySeen : statements.many;
}

/**
 * Reads pieces of one interval and order, and what is asked besides, in one statement.
 *
 * @param question undefined: nothing but bars
 */
export async function readPieces(
  sql: Queries,
  pieces: readonly Piece[],
  question: Question | undefined,
): Promise<Findings> {
  const ranges = pieces.length === 0 ? [] : rangeParameters(pieces);
  const parameters = question === undefined ? ranges : [...questionOf(question), ...ranges];
  const statement = statementFor(pieces, question !== undefined);
  const rows = await sql.unsafe<FoundRow[]>(statement, parameters, { prepare: true });
  const bars = pieces.map((piece, i) => barsOf(piece, rows[i]));
  const text = rows[0]?.seen;
  return { bars, seen: question === undefined || text == null ? undefined : parseSeen(text, question.spans) };
}

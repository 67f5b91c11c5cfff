import type { Queries } from "@fx-ohlc/database";
import { type Micros, STORED_INTERVALS, type StoredInterval } from "@fx-ohlc/schemas";
import { AGGREGATED_COLUMNS, type AggregatedBars, type BarArrays, barColumns } from "./bar-columns.js";
import type { Versions } from "./history.js";
import type { AskedMarks, Sighting } from "./marks.js";
import { AGGREGATED_QUOTES, type AggregatedQuotes, QUOTE_ROW, quotesOf } from "./quote-columns.js";
import { dayKey, type VersionedSpan } from "./span.js";

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

/** The start of a bar as whole microseconds: no digit of it is lost. */
function micros(column: string): string {
  return `(date_part('epoch', ${column}) * 1000000)::bigint`;
}

/** Of all its days, for their versions may be the same number: one transaction draws one. Null where one of them is. */
const VERSION = (symbol: string) => `
  (select case when count(*) > count(version) then 'null'
               when wanted.unit = 'day' then max(version)::text
               else md5(string_agg(concat(day, ' ', version), ',' order by day)) end
     from bar_versions
    where symbol = ${symbol} and day >= wanted.date and day < (wanted.date + ('1 ' || wanted.unit)::interval)::date)`;

/** Whether anything was ever drawn for all symbols together: on TimescaleDB large refreshes do, on plain PostgreSQL nothing does. */
const ANY_FOR_ALL = "(select exists (select from bar_versions where symbol = ''))";

/** A date as spans have it, whatever `DateStyle` is. */
const NAME = (date: string) => `to_char(${date}, 'YYYY-MM-DD')`;

/** Of each span, and of the same span for all symbols together, which is looked at where anything was drawn for them. */
const VERSIONS = `
  select string_agg(concat(symbol, ' ', unit, ' ', ${NAME("date")}, '=', ${VERSION("wanted.symbol")}, '/',
                           case when ${ANY_FOR_ALL} then ${VERSION("''")} end), ',')
    from (select symbol, unit, date::date
            from unnest($3::text[], $4::text[], $5::text[]) as spans(symbol, unit, date)) wanted`;

/** What is drawn for all symbols together is drawn for this one. */
const EVERY_SYMBOL = "";

/** The same of spans that are days, as nearly all are, and that have one: in a fraction of the time. */
const VERSIONS_OF_DAYS = `
  select string_agg(concat(symbol, ' day ', ${NAME("day")}, '=', coalesce(version::text, 'null')), ',')
    from bar_versions
   where symbol = any($3::text[]) and day = any($4::text[]::date[])`;

/** Which of the symbols have quotes: what is read of theirs depends on it, and the first of them draws no version. */
const QUOTED = "select coalesce(string_agg(symbol, ','), '') from symbols where symbol = any($3::text[]) and quotes";

/** Parameters: the mark planned by, the newest known, and those of the versions, first of which are the symbols. */
const seen = (versions: string) => `
  concat_ws('|', mark, ${micros("minute_to")}, ${micros("hour_to")}, ${micros("day_to")},
            exists (select from bar_marks where bar_marks.mark = $1::bigint),
            exists (select from bar_marks where bar_marks.mark = $2::bigint), (${QUOTED}), (${versions}))`;

/** How versions are asked for. */
const ASKING = {
  days: { sql: seen(VERSIONS_OF_DAYS), parameters: 4 },
  full: { sql: seen(VERSIONS), parameters: 5 },
} as const;
type Asking = keyof typeof ASKING;

/** More of them are asked for one by one: what is asked for otherwise is every day of every symbol. */
const DAYS_MAX = 100;

function askingOf(spans: readonly VersionedSpan[]): Asking {
  return spans.length <= DAYS_MAX && spans.every(({ unit }) => unit === "day") ? "days" : "full";
}

function questionOf({ marks, spans }: Question, asking: Asking): (string | null | string[])[] {
  const symbols = spans.map(({ symbol }) => symbol);
  const dates = spans.map(({ date }) => date);
  const ids = [marks.planned?.id ?? null, marks.newest?.id ?? null];
  if (asking === "days") return [...ids, [...symbols, EVERY_SYMBOL], dates];
  return [...ids, symbols, spans.map(({ unit }) => unit), dates];
}

/** Of a version that is null, changes are under way that draw none. */
function parseSeen(text: string, spans: readonly VersionedSpan[], asking: Asking): Seen {
  const [id = "", minute, hour, day, hasPlanned, hasNewest, quoted = "", list = ""] = text.split("|");
  const found = new Map(list.split(",").map((each) => each.split("=") as [string, string | undefined]));
  const withQuotes = new Set(quoted.split(","));
  const versionOf = ({ key, date }: VersionedSpan) =>
    asking === "full" ? found.get(key) : `${found.get(key) ?? ""}/${found.get(dayKey(EVERY_SYMBOL, date)) ?? ""}`;
  const known = spans.map((span): [string, string | undefined] => {
    const version = versionOf(span);
    const isKnown = version !== undefined && !version.includes("null");
    return [span.key, isKnown ? `${version}${withQuotes.has(span.symbol) ? "q" : ""}` : undefined];
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
  const both = (first: number, one: string, many: string) => ({
    one: oneRange(kind, first, one),
    many: manyRanges(kind, first, many),
  });
  const asking = ({ sql, parameters }: (typeof ASKING)[Asking]) =>
    both(
      parameters + 1,
      `(select ${sql} from bar_mark) as seen, `,
      `case when place = 1 then (select ${sql} from bar_mark) end as seen, `,
    );
  return { none: both(1, "", ""), days: asking(ASKING.days), full: asking(ASKING.full) };
}

function keyOf({ interval, order, withQuotes }: Kind): string {
  return `${interval} ${order} ${withQuotes}`;
}

const KINDS: readonly Kind[] = STORED_INTERVALS.flatMap((interval) =>
  (["asc", "desc"] as const).flatMap((order) => [true, false].map((withQuotes) => ({ interval, order, withQuotes }))),
);
const STATEMENTS = new Map(KINDS.map((kind) => [keyOf(kind), statementsOf(kind)]));
const ONLY_SEEN = {
  days: `select ${ASKING.days.sql} as seen from bar_mark`,
  full: `select ${ASKING.full.sql} as seen from bar_mark`,
};

function rangeParameters(pieces: readonly Piece[]) {
  const [only] = pieces;
  if (pieces.length === 0) return [];
  if (pieces.length === 1 && only !== undefined) return [only.symbol, only.fromUs, only.toUs, only.rowsMax];
  const starts = pieces.map(({ fromUs }) => fromUs);
  const ends = pieces.map(({ toUs }) => toUs);
  const symbols = pieces.map(({ symbol }) => symbol);
  return [symbols, starts, ends, pieces.map(({ rowsMax }) => rowsMax), Math.min(...starts), Math.max(...ends)];
}

interface FoundRow extends AggregatedBars, AggregatedQuotes {
  readonly seen?: string | null;
}

function barsOf(pieces: readonly Piece[], rows: readonly FoundRow[]): BarArrays[] {
  return pieces.map(({ withQuotes }, i) => {
    const row = rows[i];
    const bars = barColumns(row);
    return withQuotes && row !== undefined ? { ...bars, quotes: quotesOf(row, bars.bucketUs) } : bars;
  });
}

function statementFor([first, second]: readonly Piece[], asking: Asking | "none"): string | undefined {
  const statements = first === undefined ? undefined : STATEMENTS.get(keyOf(first));
  if (statements === undefined) return asking === "none" ? undefined : ONLY_SEEN[asking];
  return second === undefined ? statements[asking].one : statements[asking].many;
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
  if (question === undefined) return { bars: barsOf(pieces, await ask(sql, pieces, [], "none")), seen: undefined };
  const asking = askingOf(question.spans);
  const rows = await ask(sql, pieces, questionOf(question, asking), asking);
  const text = rows[0]?.seen;
  return { bars: barsOf(pieces, rows), seen: text == null ? undefined : parseSeen(text, question.spans, asking) };
}

async function ask(
  sql: Queries,
  pieces: readonly Piece[],
  asked: readonly (string | null | string[])[],
  asking: Asking | "none",
): Promise<readonly FoundRow[]> {
  const statement = statementFor(pieces, asking);
  if (statement === undefined) return [];
  return sql.unsafe<FoundRow[]>(statement, [...asked, ...rangeParameters(pieces)], { prepare: true });
}

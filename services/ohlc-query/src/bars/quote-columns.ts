import { parseSum } from "@fx-ohlc/schemas";
import { type BinaryColumn, float8s, instants, int8s } from "../binary-columns.js";

/** What is stored of quotes as doubles, under the names of the columns that hold it. */
const STORED = {
  ...{ bidOpen: "bid_open", bidHigh: "bid_high", bidLow: "bid_low", bidClose: "bid_close" },
  ...{ askOpen: "ask_open", askHigh: "ask_high", askLow: "ask_low", askClose: "ask_close" },
  ...{ spreadMin: "spread_min", spreadMax: "spread_max" },
} as const;
type StoredName = keyof typeof STORED;
const STORED_NAMES = Object.keys(STORED) as readonly StoredName[]; // The keys are what the type is made of.

/** What bars hold of quotes; the sum of spreads is a {@link SpreadSum}. */
export const QUOTE_COLUMNS = [...STORED_NAMES, "spreadHigh", "spreadLow", "spreadScale", "quoteCount"] as const;
export type QuoteColumn = (typeof QUOTE_COLUMNS)[number];

/** The quotes of some bars, a column each. Where a bar has none its `quoteCount` is 0 and the others are not numbers. */
export type QuoteColumns = Readonly<Record<QuoteColumn, ArrayLike<number>>>;
/** The same in plain arrays. */
export type QuoteArrays = Readonly<Record<QuoteColumn, number[]>>;

/** Makes quotes column by column. */
export function eachQuoteColumn<T>(of: (name: QuoteColumn) => T): Readonly<Record<QuoteColumn, T>> {
  return Object.fromEntries(QUOTE_COLUMNS.map((name) => [name, of(name)])) as Record<QuoteColumn, T>; // All of them.
}

/** Of a bar without quotes. */
export function noQuote(name: QuoteColumn): number {
  return name === "quoteCount" ? 0 : Number.NaN;
}

/** Of so many bars, none of which has quotes. */
export function noQuotes(count: number): QuoteArrays {
  return eachQuoteColumn((name) => new Array<number>(count).fill(noQuote(name)));
}

/** The columns of a relation of quotes that {@link AGGREGATED_QUOTES} is of. */
export const QUOTE_ROW = ["bucket", ...Object.values(STORED), "spread_sum", "quote_count"].join(", ");

/** The select list that gives {@link AggregatedQuotes} of the rows of a subquery, in the subquery's order. */
export const AGGREGATED_QUOTES = [
  `string_agg(timestamptz_send(bucket), '') as "quoteBuckets"`,
  ...STORED_NAMES.map((name) => `string_agg(float8send(${STORED[name]}), '') as "${name}"`),
  `string_agg(spread_sum::text, ',') as "spreadSums"`,
  `string_agg(int8send(quote_count), '') as "quoteCounts"`,
].join(",\n           ");

/** One row of aggregated columns. */
export interface AggregatedQuotes extends Readonly<Record<StoredName, BinaryColumn>> {
  readonly quoteBuckets: BinaryColumn;
  /** As PostgreSQL prints them, with commas between. */
  readonly spreadSums: string | null;
  readonly quoteCounts: BinaryColumn;
}

/** The quotes of the bars that start at some instants; both are in the order of time. */
export function quotesOf(row: AggregatedQuotes, bucketUs: readonly number[]): QuoteArrays {
  const own = ownQuotes(row);
  const starts = instants(row.quoteBuckets);
  const isAligned = starts.length === bucketUs.length && starts.every((us, i) => us === bucketUs[i]);
  if (isAligned) return own;
  const placed = noQuotes(bucketUs.length);
  let place = 0;
  for (const [i, us] of starts.entries()) {
    while ((bucketUs[place] ?? us) < us) place += 1;
    // Those of a bar that is not there yet: it is made of the same ticks, one refresh later.
    if (bucketUs[place] !== us) continue;
    for (const name of QUOTE_COLUMNS) placed[name][place] = own[name][i] ?? noQuote(name);
  }
  return placed;
}

function ownQuotes(row: AggregatedQuotes): QuoteArrays {
  const sums = row.spreadSums === null ? [] : row.spreadSums.split(",").map(parseSum);
  const stored = Object.fromEntries(STORED_NAMES.map((name) => [name, float8s(row[name])]));
  return {
    ...(stored as Record<StoredName, number[]>), // All of them.
    spreadHigh: sums.map(({ high }) => high),
    spreadLow: sums.map(({ low }) => low),
    spreadScale: sums.map(({ scale }) => scale),
    quoteCount: int8s(row.quoteCounts),
  };
}

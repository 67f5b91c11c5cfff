import {
  IsAnyText,
  IsFlagText,
  IsIntegerText,
  IsIntervalName,
  IsListOfWords,
  IsOneOf,
  IsRangeTime,
  IsRowLimit,
  IsSymbol,
  IsSymbolList,
  IsSymbolPrefix,
  IsZone,
  MayBeAbsent,
  MayBeAbsentWith,
} from "./decorators.js";
import { Describe } from "./field-schema.js";
import type { AnyInterval } from "./interval.js";
import { TICKS_PER_STAMP_MAX } from "./tick.js";
import type { Micros } from "./time.js";

/** Rows one answer holds when `limit` is absent, and at most. */
export const LIMIT_DEFAULT = 1000;
export const LIMIT_MAX = 10_000;

/** Formats of every table; `json` when neither `format` nor `Accept` asks for another. */
export const FORMATS = ["json", "csv", "ndjson", "columns"] as const;
export type Format = (typeof FORMATS)[number];
/** Typed columns, for programs. */
export const FILE_FORMATS = ["parquet", "arrow"] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];
export const TABLE_FORMATS = [...FORMATS, ...FILE_FORMATS] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];
/** Formats of bars: also the candles of ccxt. */
export const BAR_FORMATS = [...FORMATS, "ccxt"] as const;
export type BarFormat = (typeof BAR_FORMATS)[number];

/** What is answered for empty buckets: nothing, nulls, or the last close before them. */
export const FILLS = ["none", "null", "previous"] as const;
export type FillName = (typeof FILLS)[number];

/** What open, high, low and close are of: the tick's price, which of a quote is the mid of its sides, or one side of quotes. */
export const BAR_PRICES = ["mid", "bid", "ask"] as const;
export type BarPrice = (typeof BAR_PRICES)[number];

/** What of their quotes bars can hold beside their prices. */
export const INCLUDED_NAMES = ["bid", "ask", "spread"] as const;
export type IncludedName = (typeof INCLUDED_NAMES)[number];

const OF_PRICE =
  "What open, high, low and close are of: one side of the quotes, or `mid` (when absent), the price of the ticks, which of quotes is the mid of their sides. Bars without quotes have no sides, but nulls.";
const OF_COMPLETE = "`true` leaves out what is still running.";
const OF_INCLUDE =
  "Adds to each bar `bid_open` to `bid_close`, `ask_open` to `ask_close`, or `spread_avg` (the double nearest to their exact sum divided by their count), `spread_min` and `spread_max`; and `quote_count`. Nulls in bars without quotes.";

export const OF_ZONE =
  "An IANA zone, such as `America/New_York`, in which CSV writes its times and of which those of Parquet and Arrow are; 400 with other formats, whose times are in UTC.";
const OF_MOMENT =
  "As it was known at this moment, at least 60 s ago, which is what now means then. The same question has the same rows as long as its ticks are kept.";

/** Query of `GET /symbols`. */
export class SymbolsQuery {
  static readonly fields: readonly string[] = ["prefix", "limit", "after", "format", "tz"];

  @MayBeAbsent()
  @Describe("Only symbols that begin so.")
  @IsSymbolPrefix()
  prefix?: string;

  @MayBeAbsent()
  @IsIntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @Describe("Paging cursor: only symbols after this one.")
  @IsSymbol()
  after?: string;

  @MayBeAbsent()
  @IsOneOf(TABLE_FORMATS)
  format?: TableFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

/** Query of `GET /ticks`. */
export class TicksQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "limit", "after_seq", "as_of", "format", "tz"];

  @IsSymbol()
  symbol!: string;

  @IsRangeTime()
  start!: Micros;

  @MayBeAbsent()
  @Describe("Now when absent.")
  @IsRangeTime()
  end?: Micros;

  @MayBeAbsent()
  @Describe("`all` streams the whole range in one answer, whose reader may pause for ten minutes.")
  @IsRowLimit(LIMIT_MAX)
  limit?: number | "all";

  @MayBeAbsent()
  @Describe("Paging cursor: only ticks after (`start`, `after_seq`).")
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  after_seq?: number;

  @MayBeAbsent()
  @Describe(OF_MOMENT)
  @IsRangeTime()
  as_of?: Micros;

  @MayBeAbsent()
  @IsOneOf(TABLE_FORMATS)
  format?: TableFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

/** Query of `GET /ohlc/minute|hour`. */
export class BarsQuery {
  static readonly fields: readonly string[] = [
    ...[
      "symbol",
      "start",
      "first_start",
      "end",
      "limit",
      "count",
      "complete",
      "fill",
      "price",
      "include",
      "as_of",
      "format",
      "tz",
    ],
  ];

  @Describe("Up to 100: bars by symbol, in the order of their names, and then by bucket.")
  @IsSymbolList()
  symbol!: readonly string[];

  @MayBeAbsentWith("count")
  @Describe("May be absent with `count`: the last bars then, however old.")
  @IsRangeTime()
  start?: Micros;

  @MayBeAbsent()
  @Describe("Paging cursor of several symbols: where the first of them begins, in place of `start`.")
  @IsRangeTime()
  first_start?: Micros;

  @MayBeAbsent()
  @Describe("Now when absent.")
  @IsRangeTime()
  end?: Micros;

  @MayBeAbsent()
  @Describe(
    "The first bars of the range; `all` streams the whole range in one answer, whose reader may pause for ten minutes.",
  )
  @IsRowLimit(LIMIT_MAX)
  limit?: number | "all";

  @MayBeAbsent()
  @Describe("The last bars of the range, in place of `limit`; of one symbol.")
  @IsIntegerText(1, LIMIT_MAX)
  count?: number;

  @MayBeAbsent()
  @Describe(OF_COMPLETE)
  @IsFlagText()
  complete?: boolean;

  @MayBeAbsent()
  @Describe("Whether buckets without ticks are answered too, up to now; `none` when absent.")
  @IsOneOf(FILLS)
  fill?: FillName;

  @MayBeAbsent()
  @Describe(OF_PRICE)
  @IsOneOf(BAR_PRICES)
  price?: BarPrice;

  @MayBeAbsent()
  @Describe(OF_INCLUDE)
  @IsListOfWords(INCLUDED_NAMES)
  include?: readonly IncludedName[];

  @MayBeAbsent()
  @Describe(OF_MOMENT)
  @IsRangeTime()
  as_of?: Micros;

  @MayBeAbsent()
  @IsOneOf([...BAR_FORMATS, ...FILE_FORMATS])
  format?: BarFormat | FileFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

/** Query of `GET /ohlc/day` and `/ohlc/custom-day`. */
export class DayBarsQuery extends BarsQuery {
  static override readonly fields: readonly string[] = [...BarsQuery.fields, "day_start_hour", "timezone"];

  @MayBeAbsent()
  @Describe("Local hour where the FX day starts.")
  @IsIntegerText(0, 23)
  day_start_hour?: number;

  @MayBeAbsent()
  @Describe("IANA zone of that hour.")
  @IsZone()
  timezone?: string;
}

const OF_INTERVAL =
  "`1s` to `30s` and `<n>t`, bars of n ticks (10 to 10,000) counted from the start of the FX day, are made of ticks: one answer of them is made of 500,000 ticks at most and has a `Link` to the rest.";

/** Query of `GET /ohlc`. Intervals shorter than two hours, but for 45m, take no day boundary. */
export class IntervalBarsQuery extends DayBarsQuery {
  static override readonly fields: readonly string[] = ["interval", ...DayBarsQuery.fields, "after_seq", "before_seq"];

  @Describe(OF_INTERVAL)
  @IsIntervalName()
  interval!: AnyInterval;

  @MayBeAbsent()
  @Describe("Paging cursor of bars of ticks: only bars after (`start`, `after_seq`).")
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  after_seq?: number;

  @MayBeAbsent()
  @Describe("Paging cursor of bars of ticks, with `count`: also those of `end` before (`end`, `before_seq`).")
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  before_seq?: number;
}

/** Query of `GET /ohlc/latest`. */
export class LatestQuery {
  static readonly fields: readonly string[] = [
    ...["symbol", "interval", "day_start_hour", "timezone", "complete", "price", "include", "as_of", "format", "tz"],
  ];

  @IsSymbolList()
  symbol!: readonly string[];

  @MayBeAbsent()
  @Describe("`minute` when absent.")
  @IsIntervalName()
  interval?: AnyInterval;

  @MayBeAbsent()
  @IsIntegerText(0, 23)
  day_start_hour?: number;

  @MayBeAbsent()
  @IsZone()
  timezone?: string;

  @MayBeAbsent()
  @Describe("`true`: the newest that is.")
  @IsFlagText()
  complete?: boolean;

  @MayBeAbsent()
  @Describe(OF_PRICE)
  @IsOneOf(BAR_PRICES)
  price?: BarPrice;

  @MayBeAbsent()
  @Describe(OF_INCLUDE)
  @IsListOfWords(INCLUDED_NAMES)
  include?: readonly IncludedName[];

  @MayBeAbsent()
  @Describe(OF_MOMENT)
  @IsRangeTime()
  as_of?: Micros;

  @MayBeAbsent()
  @IsOneOf(TABLE_FORMATS)
  format?: TableFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

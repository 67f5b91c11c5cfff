import { ValidateIf } from "class-validator";
import {
  IsIntegerText,
  IsIntervalName,
  IsOneOf,
  IsRowLimit,
  IsSymbol,
  IsSymbolList,
  IsTime,
  IsZone,
  MayBeAbsent,
} from "./decorators.js";
import { TICKS_PER_STAMP_MAX } from "./tick.js";

/** Rows one answer holds when `limit` is absent, and at most. */
export const LIMIT_DEFAULT = 1000;
export const LIMIT_MAX = 10_000;

/** Formats of every table; `json` when neither `format` nor `Accept` asks for another. */
export const FORMATS = ["json", "csv", "ndjson", "columns"] as const;
export type Format = (typeof FORMATS)[number];
/** Formats of bars: also the candles of ccxt. */
export const BAR_FORMATS = [...FORMATS, "ccxt"] as const;
export type BarFormat = (typeof BAR_FORMATS)[number];

/** What is answered for empty buckets: nothing, nulls, or the last close before them. */
export const FILLS = ["none", "null", "previous"] as const;
export type FillName = (typeof FILLS)[number];

/** Query of `GET /symbols`. */
export class SymbolsQuery {
  static readonly fields: readonly string[] = ["format"];

  @MayBeAbsent()
  @IsOneOf(FORMATS)
  format?: Format;
}

/** Query of `GET /ticks`. */
export class TicksQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "limit", "after_seq", "format"];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  start!: string;

  /** Now when absent. */
  @MayBeAbsent()
  @IsTime()
  end?: string;

  /** `all` streams the whole range in one answer. */
  @MayBeAbsent()
  @IsRowLimit(LIMIT_MAX)
  limit?: string;

  /** Paging cursor: only ticks after (`start`, `after_seq`). */
  @MayBeAbsent()
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  after_seq?: string;

  @MayBeAbsent()
  @IsOneOf(FORMATS)
  format?: Format;
}

/** Query of `GET /ohlc/minute|hour`. */
export class BarsQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "limit", "count", "fill", "format"];

  @IsSymbol()
  symbol!: string;

  /** May be absent with `count`: the last bars then, however old. */
  @ValidateIf(({ start, count }: BarsQuery) => start !== undefined || count === undefined)
  @IsTime()
  start?: string;

  /** Now when absent. */
  @MayBeAbsent()
  @IsTime()
  end?: string;

  /** The first bars of the range; `all` streams the whole range in one answer. */
  @MayBeAbsent()
  @IsRowLimit(LIMIT_MAX)
  limit?: string;

  /** The last bars of the range, in place of `limit`. */
  @MayBeAbsent()
  @IsIntegerText(1, LIMIT_MAX)
  count?: string;

  /** Whether buckets without ticks are answered too, up to now; `none` when absent. */
  @MayBeAbsent()
  @IsOneOf(FILLS)
  fill?: FillName;

  @MayBeAbsent()
  @IsOneOf(BAR_FORMATS)
  format?: BarFormat;
}

/** Query of `GET /ohlc/day` and `/ohlc/custom-day`. */
export class DayBarsQuery extends BarsQuery {
  static override readonly fields: readonly string[] = [...BarsQuery.fields, "day_start_hour", "timezone"];

  /** Local hour where the FX day starts. */
  @MayBeAbsent()
  @IsIntegerText(0, 23)
  day_start_hour?: string;

  /** IANA zone of that hour. */
  @MayBeAbsent()
  @IsZone()
  timezone?: string;
}

/** Query of `GET /ohlc`. Intervals shorter than two hours take no day boundary. */
export class IntervalBarsQuery extends DayBarsQuery {
  static override readonly fields: readonly string[] = ["interval", ...DayBarsQuery.fields];

  @IsIntervalName()
  interval!: string;
}

/** Query of `GET /ohlc/latest`. */
export class LatestQuery {
  static readonly fields: readonly string[] = ["symbol", "interval", "day_start_hour", "timezone", "format"];

  @IsSymbolList()
  symbol!: string;

  /** `minute` when absent. */
  @MayBeAbsent()
  @IsIntervalName()
  interval?: string;

  @MayBeAbsent()
  @IsIntegerText(0, 23)
  day_start_hour?: string;

  @MayBeAbsent()
  @IsZone()
  timezone?: string;

  @MayBeAbsent()
  @IsOneOf(FORMATS)
  format?: Format;
}

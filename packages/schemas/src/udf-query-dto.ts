import { IsString, ValidateIf } from "class-validator";
import { IsIntegerText, IsOneOf, IsSymbol, IsUnixTime, MayBeAbsent } from "./decorators.js";
import { Describe } from "./field-schema.js";
import type { Interval } from "./interval.js";

/** What TradingView calls each interval; `D`, `W` and `M` are short for the last three. */
export const UDF_RESOLUTIONS: ReadonlyMap<string, Interval> = new Map<string, Interval>([
  ["1", "1m"],
  ["2", "2m"],
  ["3", "3m"],
  ["5", "5m"],
  ["10", "10m"],
  ["15", "15m"],
  ["30", "30m"],
  ["60", "1h"],
  ["120", "2h"],
  ["180", "3h"],
  ["240", "4h"],
  ["360", "6h"],
  ["480", "8h"],
  ["720", "12h"],
  ["1D", "1d"],
  ["1W", "1w"],
  ["1M", "1M"],
]);
const RESOLUTION_NAMES = [...UDF_RESOLUTIONS.keys(), "D", "W", "M"];

/** Bars a chart may ask for at once; it is given the last 10,000 of them. */
const COUNTBACK_MAX = 1_000_000;
/** Symbols one search may list. */
const SEARCH_MAX = 1000;

/** The interval of a resolution's name. */
export function parseResolution(name: string): Interval | undefined {
  return UDF_RESOLUTIONS.get(name) ?? UDF_RESOLUTIONS.get(`1${name}`);
}

/** Query of `GET /udf/symbols`. */
export class UdfSymbolQuery {
  static readonly fields: readonly string[] = ["symbol"];

  @IsSymbol()
  symbol!: string;
}

/** Query of `GET /udf/search`. */
export class UdfSearchQuery {
  static readonly fields: readonly string[] = ["query", "type", "exchange", "limit"];

  @MayBeAbsent()
  @Describe("What the user typed: a part of a symbol; every symbol when absent or empty.")
  @IsString()
  query?: string;

  @MayBeAbsent()
  @IsString()
  type?: string;

  @MayBeAbsent()
  @IsString()
  exchange?: string;

  @MayBeAbsent()
  @IsIntegerText(1, SEARCH_MAX)
  limit?: string;
}

/** Query of `GET /udf/history`. */
export class UdfHistoryQuery {
  static readonly fields: readonly string[] = ["symbol", "resolution", "from", "to", "countback"];

  @IsSymbol()
  symbol!: string;

  @IsOneOf(RESOLUTION_NAMES)
  resolution!: string;

  @ValidateIf(({ from, countback }: UdfHistoryQuery) => from !== undefined || countback === undefined)
  @Describe("Ignored, and may be absent, with `countback`.")
  @IsUnixTime()
  from?: string;

  @Describe("Not inclusive.")
  @IsUnixTime()
  to!: string;

  @MayBeAbsent()
  @Describe("The last bars before `to`.")
  @IsIntegerText(1, COUNTBACK_MAX)
  countback?: string;
}

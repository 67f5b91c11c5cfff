import {
  IsAnyText,
  IsIntegerText,
  IsResolution,
  IsSidedSymbol,
  IsStorableText,
  IsUnixTime,
  MayBeAbsent,
  MayBeAbsentWith,
} from "./decorators.js";
import { Describe } from "./field-schema.js";
import type { Interval } from "./interval.js";

/** Bars a chart may ask for at once; it is given the last 10,000 of them. */
const COUNTBACK_MAX = 1_000_000;
/** Symbols one search may list. */
const SEARCH_MAX = 1000;

const OF_SIDES = "`EURUSD:BID` and `EURUSD:ASK` are the sides of its quotes.";

/** Query of `GET /udf/symbols`. */
export class UdfSymbolQuery {
  static readonly fields: readonly string[] = ["symbol"];

  @Describe(OF_SIDES)
  @IsSidedSymbol()
  symbol!: string;
}

/** Query of `GET /udf/search`. */
export class UdfSearchQuery {
  static readonly fields: readonly string[] = ["query", "type", "exchange", "limit"];

  @MayBeAbsent()
  @Describe("What the user typed: a part of a symbol; every symbol when absent or empty.")
  @IsStorableText()
  query?: string;

  @MayBeAbsent()
  @IsAnyText()
  type?: string;

  @MayBeAbsent()
  @IsAnyText()
  exchange?: string;

  @MayBeAbsent()
  @IsIntegerText(1, SEARCH_MAX)
  limit?: number;
}

/** Query of `GET /udf/history`. */
export class UdfHistoryQuery {
  static readonly fields: readonly string[] = ["symbol", "resolution", "from", "to", "countback"];

  @Describe(OF_SIDES)
  @IsSidedSymbol()
  symbol!: string;

  @IsResolution()
  resolution!: Interval;

  @MayBeAbsentWith("countback")
  @Describe("Ignored, and may be absent, with `countback`.")
  @IsUnixTime()
  from?: number;

  @Describe("Not inclusive.")
  @IsUnixTime()
  to!: number;

  @MayBeAbsent()
  @Describe("The last bars before `to`.")
  @IsIntegerText(1, COUNTBACK_MAX)
  countback?: number;
}

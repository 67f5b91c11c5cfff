import { IsCount, IsCountOrNull, IsStoredSymbol, IsTickTime, IsTickTimeOrNull, IsWord } from "./answer-fields.js";
import {
  IsAnyText,
  IsFlagText,
  IsIntegerText,
  IsOneOf,
  IsRangeTime,
  IsSymbol,
  IsSymbolList,
  MayBeAbsent,
} from "./decorators.js";
import { About, Describe, Sometimes } from "./field-schema.js";
import { LIMIT_MAX, OF_ZONE, TABLE_FORMATS, type TableFormat } from "./read-query-dto.js";
import type { Micros } from "./time.js";

const OF_START = "Minutes that start from here on are looked at.";
const OF_END = "Up to here; where it is absent or lies ahead, up to the minute that runs now.";
const OF_MIN_GAP =
  "Gaps that are shorter than so many seconds are left out; 60, which is every empty minute, when absent.";

/** A week, beyond which no market is open without a break but those that never close. */
const MIN_GAP_S_MAX = 604_800;

/** Query of `GET /quality`. */
export class QualityQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "min_gap_s", "outliers", "format", "tz"];

  @IsSymbolList()
  symbol!: string[];

  @Describe(OF_START)
  @IsRangeTime()
  start!: Micros;

  @MayBeAbsent()
  @Describe(OF_END)
  @IsRangeTime()
  end?: Micros;

  @MayBeAbsent()
  @Describe(OF_MIN_GAP)
  @IsIntegerText(60, MIN_GAP_S_MAX)
  min_gap_s?: number;

  @MayBeAbsent()
  @Describe("`true` reads every tick of the range, and adds `outliers` and `crossed_quotes`.")
  @IsFlagText()
  outliers?: boolean;

  @MayBeAbsent()
  @IsOneOf(TABLE_FORMATS)
  format?: TableFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

/** Query of `GET /quality/gaps`. */
export class GapsQuery {
  static readonly fields: readonly string[] = [
    "symbol",
    "start",
    "end",
    "min_gap_s",
    "closed",
    "limit",
    "format",
    "tz",
  ];

  @IsSymbol()
  symbol!: string;

  @Describe(OF_START)
  @IsRangeTime()
  start!: Micros;

  @MayBeAbsent()
  @Describe(OF_END)
  @IsRangeTime()
  end?: Micros;

  @MayBeAbsent()
  @Describe(OF_MIN_GAP)
  @IsIntegerText(60, MIN_GAP_S_MAX)
  min_gap_s?: number;

  @MayBeAbsent()
  @Describe("`true` lists when the market was closed, too.")
  @IsFlagText()
  closed?: boolean;

  @MayBeAbsent()
  @IsIntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @IsOneOf(TABLE_FORMATS)
  format?: TableFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

@About(
  "How whole what is stored of a symbol is. A gap is one or more minutes without a tick while the market was open.",
)
export class QualityJson {
  @IsStoredSymbol()
  readonly symbol!: string;

  @Describe("The first minute that was looked at.")
  @IsTickTime()
  readonly from!: string;

  @Describe("The end of the last one.")
  @IsTickTime()
  readonly to!: string;

  @Describe("For how many seconds of that the market was open.")
  @IsCount()
  readonly open_s!: number;

  @IsCount()
  readonly tick_count!: number;

  @Describe("How many of the ticks are quotes.")
  @IsCount()
  readonly quote_count!: number;

  @Describe("How many rows `GET /quality/gaps` has.")
  @IsCount()
  readonly gaps!: number;

  @Describe("How long they are together.")
  @IsCount()
  readonly gap_s!: number;

  @Describe("How long those of the reason `feed_down` are together.")
  @IsCount()
  readonly down_s!: number;

  @Describe(
    "The longest time without a tick while the market was open without a break, whatever the reasons; 0: no minute was empty.",
  )
  @IsCount()
  readonly longest_silence_s!: number;

  @IsTickTimeOrNull()
  readonly longest_silence_from!: string | null;

  @Describe(
    "Ticks that were stored over five minutes late, within a day; null: a service of an earlier version stored some, and did not count.",
  )
  @IsCountOrNull()
  readonly late_ticks!: number | null;

  @Describe(
    "Ticks that were over a day old when they were stored, as those of an import of history are; null as above.",
  )
  @IsCountOrNull()
  readonly imported_ticks!: number | null;

  @Describe("Ticks that were corrected or deleted.")
  @IsCount()
  readonly corrections!: number;

  @Describe("Minutes in which a quote had its ask below its bid.")
  @IsCount()
  readonly crossed_minutes!: number;

  @Sometimes()
  @Describe("With `outliers=true`: quotes whose ask is below their bid; null where `outliers` is.")
  @IsCountOrNull()
  readonly crossed_quotes?: number | null;

  @Sometimes()
  @Describe(
    "With `outliers=true`: ticks that lie beyond both of their neighbours, by over 20 times what a price moves from tick to tick on average. Null where ticks of the range are dropped, and in no archive.",
  )
  @IsCountOrNull()
  readonly outliers?: number | null;
}

/** Why there is nothing: no tick came, every feed was down, or the market was closed. */
export const GAP_REASONS = ["no_ticks", "feed_down", "market_closed"] as const;

@About("Minutes without a tick that follow one another and have one reason.")
export class GapJson {
  @IsStoredSymbol()
  readonly symbol!: string;

  @IsTickTime()
  readonly from!: string;

  @IsTickTime()
  readonly to!: string;

  @Describe("From the one to the other.")
  @IsCount(60)
  readonly seconds!: number;

  @Describe(
    "As `empty` of `fill` tells it of bars of a minute. `feed_down`: every feed was down in each of the minutes, or a part of it. `market_closed` only with `closed=true`.",
  )
  @IsWord(...GAP_REASONS)
  readonly reason!: (typeof GAP_REASONS)[number];
}

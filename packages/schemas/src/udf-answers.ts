import { IsCount, IsFlag, IsText, IsWord } from "./answer-fields.js";
import { About, Describe, Field, Sometimes } from "./field-schema.js";

/** What TradingView's Universal Data Feed answers. */

const WORDS = { type: "array", items: { type: "string" } };

/** Numbers, one a bar. */
function IsNumbers() {
  return Field<readonly (number | null)[]>({ type: "array", items: { type: "number" } });
}

@About("What the feed can do.")
export class UdfConfig {
  @Field(WORDS)
  readonly supported_resolutions!: readonly string[];

  @IsFlag()
  readonly supports_search!: boolean;

  @IsFlag()
  readonly supports_group_request!: boolean;

  @IsFlag()
  readonly supports_marks!: boolean;

  @IsFlag()
  readonly supports_timescale_marks!: boolean;

  @IsFlag()
  readonly supports_time!: boolean;
}

@About("A symbol as the charting library wants it described: its `LibrarySymbolInfo`.")
export class UdfSymbol {
  @IsText()
  readonly name!: string;

  @IsText()
  readonly ticker!: string;

  @IsText()
  readonly description!: string;

  @IsText()
  readonly type!: string;

  @IsText()
  readonly exchange!: string;

  @IsText()
  readonly listed_exchange!: string;

  @IsText()
  readonly session!: string;

  @IsText()
  readonly timezone!: string;

  @IsWord("price")
  readonly format!: "price";

  @IsCount(1)
  readonly minmov!: number;

  @Describe("Ten to the decimals of a price.")
  @IsCount(1)
  readonly pricescale!: number;

  @Field(WORDS)
  readonly supported_resolutions!: readonly string[];

  @Field(WORDS)
  readonly intraday_multipliers!: readonly string[];

  @IsFlag()
  readonly has_seconds!: boolean;

  @Field(WORDS)
  readonly seconds_multipliers!: readonly string[];

  @IsFlag()
  readonly has_intraday!: boolean;

  @IsFlag()
  readonly has_daily!: boolean;

  @IsFlag()
  readonly has_weekly_and_monthly!: boolean;

  @IsText()
  readonly visible_plots_set!: string;

  @IsCount()
  readonly volume_precision!: number;

  @IsText()
  readonly data_status!: string;
}

@About("A symbol that a search found.")
export class UdfFound {
  @IsText()
  readonly symbol!: string;

  @IsText()
  readonly full_name!: string;

  @IsText()
  readonly description!: string;

  @IsText()
  readonly exchange!: string;

  @IsText()
  readonly ticker!: string;

  @IsText()
  readonly type!: string;
}

@About("Bars as a chart takes them, column by column. The volume is the count of ticks.")
export class UdfBars {
  @IsWord("ok")
  readonly s!: "ok";

  @Describe("Seconds since 1970.")
  @IsNumbers()
  readonly t!: readonly number[];

  @IsNumbers()
  readonly o!: readonly number[];

  @IsNumbers()
  readonly h!: readonly number[];

  @IsNumbers()
  readonly l!: readonly number[];

  @IsNumbers()
  readonly c!: readonly number[];

  @IsNumbers()
  readonly v!: readonly number[];
}

@About("No bars in the range.")
export class UdfNoData {
  @IsWord("no_data")
  readonly s!: "no_data";

  @Sometimes()
  @Describe("Where the last bar before the range is, in seconds since 1970.")
  @Field({ type: "integer" })
  readonly nextTime?: number;
}

@About("A refusal in the protocol's words.")
export class UdfError {
  @IsWord("error")
  readonly s!: "error";

  @IsText()
  readonly errmsg!: string;
}

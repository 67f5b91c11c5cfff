import {
  IsBucket,
  IsCount,
  IsCountOrNull,
  IsDate,
  IsFlag,
  IsPriceOrNull,
  IsStoredPrice,
  IsStoredSeq,
  IsStoredSymbol,
  IsWord,
} from "./answer-fields.js";
import { About, Describe, Field, Sometimes } from "./field-schema.js";
import { formatBucket, type Micros } from "./time.js";

/** One bar: the OHLC of one symbol in one bucket. */
export interface Bar {
  readonly symbol: string;
  /** The bucket's inclusive start. */
  readonly bucketUs: Micros;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tickCount: number;
}

/** What lies between the sides of a quote: below zero where its ask is below its bid. Null where there is none. */
function IsSpreadOrNull() {
  return Field<number | null>({ type: ["number", "null"] });
}

/** What a bar holds of its quotes where `include` asks for it. */
export abstract class QuotesOfBar {
  @Sometimes()
  @IsPriceOrNull()
  readonly bid_open?: number | null;

  @Sometimes()
  @IsPriceOrNull()
  readonly bid_high?: number | null;

  @Sometimes()
  @IsPriceOrNull()
  readonly bid_low?: number | null;

  @Sometimes()
  @IsPriceOrNull()
  readonly bid_close?: number | null;

  @Sometimes()
  @IsPriceOrNull()
  readonly ask_open?: number | null;

  @Sometimes()
  @IsPriceOrNull()
  readonly ask_high?: number | null;

  @Sometimes()
  @IsPriceOrNull()
  readonly ask_low?: number | null;

  @Sometimes()
  @IsPriceOrNull()
  readonly ask_close?: number | null;

  @Sometimes()
  @Describe("The sum of all spreads divided by their count: both exact, and the quotient the nearest double.")
  @IsSpreadOrNull()
  readonly spread_avg?: number | null;

  @Sometimes()
  @IsSpreadOrNull()
  readonly spread_min?: number | null;

  @Sometimes()
  @IsSpreadOrNull()
  readonly spread_max?: number | null;

  @Sometimes()
  @Describe("How many of its ticks are quotes; null without any.")
  @IsCountOrNull(1)
  readonly quote_count?: number | null;
}

/** What every bar on the wire has. */
abstract class BarOnWire extends QuotesOfBar {
  @Describe("The bar's inclusive start; of a bar of ticks the time of the first, with six fraction digits.")
  @IsBucket()
  readonly bucket!: string;

  @IsStoredSymbol()
  readonly symbol!: string;

  @IsCount()
  readonly tick_count!: number;

  @Describe("False while the bucket runs.")
  @IsFlag()
  readonly complete!: boolean;

  @Sometimes()
  @Describe("Of its first tick, on bars of ticks: several may begin at one time.")
  @IsStoredSeq()
  readonly seq?: number;

  @Sometimes()
  @Describe("The FX day's name, on bars of a day or more; of a longer one that of its first day.")
  @IsDate()
  readonly date?: string;
}

@About("A bar as `GET /ohlc/*` answers it.")
export class BarJson extends BarOnWire {
  @IsStoredPrice()
  readonly open!: number;

  @IsStoredPrice()
  readonly high!: number;

  @IsStoredPrice()
  readonly low!: number;

  @IsStoredPrice()
  readonly close!: number;
}

/** A bar whose bucket may have no ticks: its prices are null then. */
export abstract class SparseBar extends BarOnWire {
  @IsPriceOrNull()
  readonly open!: number | null;

  @IsPriceOrNull()
  readonly high!: number | null;

  @IsPriceOrNull()
  readonly low!: number | null;

  @IsPriceOrNull()
  readonly close!: number | null;
}

@About(
  "A bar of an answer with `fill`: its prices are null, or the last close before it, where it has no ticks. With `price` of a side they are null where it has no quotes.",
)
export class FilledBar extends SparseBar {
  @Sometimes()
  @Describe("Why there are no ticks, where there are none.")
  @IsWord("no_ticks", "market_closed", "feed_down")
  readonly empty?: "no_ticks" | "market_closed" | "feed_down";
}

/** A bar in the words of the wire. */
export function barJson(bar: Bar, complete: boolean): BarJson {
  const { symbol, open, high, low, close } = bar;
  return { bucket: formatBucket(bar.bucketUs), symbol, open, high, low, close, tick_count: bar.tickCount, complete };
}

import { IsBucket, IsCount, IsDate, IsFlag, IsStoredPrice, IsStoredSymbol } from "./answer-fields.js";
import { MayBeAbsent } from "./decorators.js";
import { About, Describe } from "./field-schema.js";
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

@About("A bar as `GET /ohlc/*` answers it.")
export class BarJson {
  @Describe("The bar's inclusive start.")
  @IsBucket()
  readonly bucket!: string;

  @IsStoredSymbol()
  readonly symbol!: string;

  @IsStoredPrice()
  readonly open!: number;

  @IsStoredPrice()
  readonly high!: number;

  @IsStoredPrice()
  readonly low!: number;

  @IsStoredPrice()
  readonly close!: number;

  @IsCount()
  readonly tick_count!: number;

  @Describe("False while the bucket runs.")
  @IsFlag()
  readonly complete!: boolean;

  @MayBeAbsent()
  @Describe("The FX day's name, on bars of a day or more.")
  @IsDate()
  readonly date?: string;
}

/** A bar in the words of the wire. */
export function barJson(bar: Bar, complete: boolean): BarJson {
  const { symbol, open, high, low, close } = bar;
  return { bucket: formatBucket(bar.bucketUs), symbol, open, high, low, close, tick_count: bar.tickCount, complete };
}

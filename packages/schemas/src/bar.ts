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

/** A bar as `GET /ohlc/*` answers it. */
export interface BarJson {
  readonly bucket: string;
  readonly symbol: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tick_count: number;
  /** False while the bucket runs. */
  readonly complete: boolean;
  /** The FX day's name, on bars of a day or more. */
  readonly date?: string;
}

/** A bar in the words of the wire. */
export function barJson(bar: Bar, complete: boolean): BarJson {
  const { symbol, open, high, low, close } = bar;
  return { bucket: formatBucket(bar.bucketUs), symbol, open, high, low, close, tick_count: bar.tickCount, complete };
}

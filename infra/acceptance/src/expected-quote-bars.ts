import { type BucketOf, expectedBars } from "./expected-bars.js";
import type { Quote } from "./sample-week.js";

/** A quote bar as the database holds it, its sum of spreads as text without zeros at its end. */
export interface QuoteBar {
  readonly bucket: string;
  readonly bid: readonly number[];
  readonly ask: readonly number[];
  readonly spread_min: number;
  readonly spread_max: number;
  readonly spread_sum: string;
  readonly quote_count: number;
}

/** The sample's prices have so many decimals. */
const DIGITS = 5;

/** What lies between bid and ask, in the last of their decimals: as whole numbers, for no sum of doubles is exact. */
function points({ bid, ask }: Quote): number {
  return Number(ask.toFixed(DIGITS).replace(".", "")) - Number(bid.toFixed(DIGITS).replace(".", ""));
}

function decimal(sum: number): string {
  const digits = String(Math.abs(sum)).padStart(DIGITS + 1, "0");
  const text = `${digits.slice(0, -DIGITS)}.${digits.slice(-DIGITS)}`.replace(/\.?0+$/, "");
  return sum < 0 ? `-${text}` : text;
}

/** The quote bars of some quotes, which are in the order of (time, seq): an independent reference, as {@link expectedBars} is. */
export function expectedQuoteBars(quotes: readonly Quote[], bucketOf: BucketOf): QuoteBar[] {
  const [bids, asks] = (["bid", "ask"] as const).map((side) =>
    expectedBars(
      quotes.map(({ time, [side]: price }) => ({ time, price })),
      bucketOf,
    ),
  );
  const spreads = new Map<string, number[]>();
  for (const quote of quotes) {
    const bucket = `${new Date(bucketOf(Date.parse(quote.time))).toISOString().slice(0, 19)}Z`;
    const own = spreads.get(bucket) ?? [];
    spreads.set(bucket, own);
    own.push(points(quote));
  }
  return (bids ?? []).map(({ bucket, open, high, low, close, tick_count }, index) => {
    const own = spreads.get(bucket) ?? [];
    const ask = asks?.[index];
    return {
      bucket,
      bid: [open, high, low, close],
      ask: [ask?.open ?? 0, ask?.high ?? 0, ask?.low ?? 0, ask?.close ?? 0],
      spread_min: Number(decimal(Math.min(...own))),
      spread_max: Number(decimal(Math.max(...own))),
      spread_sum: decimal(own.reduce((sum, spread) => sum + spread, 0)),
      quote_count: tick_count,
    };
  });
}

import { BUCKETS, type BucketOf, expectedBars } from "./expected-bars.js";
import { expectedQuoteBars } from "./expected-quote-bars.js";
import type { Quote } from "./sample-week.js";

const PRICES = ["open", "high", "low", "close"] as const;
/** The sample's prices are whole numbers of this part of one. */
const UNITS = 100_000;
const MINUTE_MS = 60_000;

/** Where buckets of a length start that begin at an instant. */
function from(instant: string, lengthMs: number): BucketOf {
  const startMs = Date.parse(instant);
  return (ms) => startMs + Math.floor((ms - startMs) / lengthMs) * lengthMs;
}

/** Intervals and boundaries as a query names them, and where their buckets of the sample week start. */
export const WEEK_READS: readonly (readonly [query: string, bucketOf: BucketOf])[] = [
  ["interval=1m", BUCKETS.minute],
  ["interval=1h", BUCKETS.hour],
  ["interval=1d", BUCKETS.day],
  ["interval=5m", from("2014-05-04T00:00:00Z", 5 * MINUTE_MS)],
  ["interval=4h", from("2014-05-04T22:00:00Z", 240 * MINUTE_MS)],
  ["interval=1w", from("2014-05-04T22:00:00Z", 7 * 1440 * MINUTE_MS)],
  ["interval=4h&day_start_hour=17&timezone=America/New_York", from("2014-05-04T21:00:00Z", 240 * MINUTE_MS)],
  ["interval=1d&day_start_hour=17&timezone=America/New_York", BUCKETS.newYorkDay],
  ["interval=1w&day_start_hour=17&timezone=America/New_York", from("2014-05-04T21:00:00Z", 7 * 1440 * MINUTE_MS)],
];

/** A side's prices under the names that an answer has for them. */
function named(prices: readonly number[], prefix = "") {
  return Object.fromEntries(PRICES.map((name, i) => [prefix + name, prices[i]]));
}

/** The mid with six decimals, all of which a quotient of whole numbers has. */
function midOf({ time, bid, ask }: Quote) {
  return { time, price: (Math.round(bid * UNITS) + Math.round(ask * UNITS)) / (2 * UNITS) };
}

/** What is answered of some quotes with all that can be included, by a computation that shares nothing with the system. */
export function expectedAnswers(quotes: readonly Quote[], bucketOf: BucketOf, price: "mid" | "bid" | "ask") {
  const mids = expectedBars(quotes.map(midOf), bucketOf);
  return expectedQuoteBars(quotes, bucketOf).map(({ bucket, bid, ask, ...spread }, i) => {
    const { open = 0, high = 0, low = 0, close = 0 } = mids[i] ?? {};
    const sides = { mid: [open, high, low, close], bid, ask };
    return {
      ...{ bucket, ...named(sides[price]), tick_count: spread.quote_count },
      ...{ ...named(bid, "bid_"), ...named(ask, "ask_") },
      // Both are whole numbers: their quotient is rounded once.
      spread_avg: Math.round(Number(spread.spread_sum) * UNITS) / (spread.quote_count * UNITS),
      ...{ spread_min: spread.spread_min, spread_max: spread.spread_max, quote_count: spread.quote_count },
    };
  });
}

/** What a service answers, without what every bar of the week has alike. */
export async function givenAnswers(url: string, query: string, price: "mid" | "bid" | "ask"): Promise<unknown[]> {
  const range = "symbol=EURUSD&start=2014-05-01T00:00:00Z&end=2014-06-01T00:00:00Z&limit=10000";
  const answer = await fetch(`${url}/ohlc?${range}&${query}&price=${price}&include=bid,ask,spread`);
  const rows = (await answer.json()) as Readonly<Record<string, unknown>>[]; // Bars, or the test fails.
  return rows.map(({ symbol: _symbol, complete: _complete, date: _date, ...bar }) => bar);
}

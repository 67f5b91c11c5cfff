import { BUCKETS, type BucketOf } from "./expected-bars.js";
import type { Quote } from "./sample-week.js";

/** What an answer is asked to be of. */
export type BarPrice = "mid" | "bid" | "ask";

/** The sample's prices are whole numbers of this part of one. */
const UNITS = 100_000;
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

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
  ["interval=1w", from("2014-05-04T22:00:00Z", 7 * DAY_MS)],
  ["interval=4h&day_start_hour=17&timezone=America/New_York", from("2014-05-04T21:00:00Z", 240 * MINUTE_MS)],
  ["interval=1d&day_start_hour=17&timezone=America/New_York", BUCKETS.newYorkDay],
  ["interval=1w&day_start_hour=17&timezone=America/New_York", from("2014-05-04T21:00:00Z", 7 * DAY_MS)],
];

/** A quote in whole numbers: ms since 1970, and units. */
export interface WholeQuote {
  readonly ms: number;
  readonly bid: number;
  readonly ask: number;
}

export function wholeQuotes(quotes: readonly Quote[]): WholeQuote[] {
  const units = (price: number) => Math.round(price * UNITS);
  return quotes.map(({ time, bid, ask }) => ({ ms: Date.parse(time), bid: units(bid), ask: units(ask) }));
}

/** Open, high, low and close of whole numbers. */
class Ohlc {
  #high: number;
  #low: number;
  #close: number;

  constructor(private readonly open: number) {
    this.#high = this.#low = this.#close = open;
  }

  add(price: number): void {
    this.#high = Math.max(this.#high, price);
    this.#low = Math.min(this.#low, price);
    this.#close = price;
  }

  /** A quotient of whole numbers is rounded once, as a decimal is when it is read. */
  members(units: number, prefix = ""): Record<string, number> {
    const { open } = this;
    const prices = Object.entries({ open, high: this.#high, low: this.#low, close: this.#close });
    return Object.fromEntries(prices.map(([name, price]) => [prefix + name, price / units]));
  }
}

/** Of the quotes of one bucket, in the order of (time, seq). */
class QuoteBar {
  readonly #mid: Ohlc;
  readonly #bid: Ohlc;
  readonly #ask: Ohlc;
  readonly #spread: Ohlc;
  #sum = 0;
  #count = 0;

  constructor({ bid, ask }: WholeQuote) {
    [this.#mid, this.#bid, this.#ask] = [new Ohlc(bid + ask), new Ohlc(bid), new Ohlc(ask)];
    this.#spread = new Ohlc(ask - bid);
  }

  add({ bid, ask }: WholeQuote): void {
    this.#mid.add(bid + ask);
    this.#bid.add(bid);
    this.#ask.add(ask);
    this.#spread.add(ask - bid);
    this.#sum += ask - bid;
    this.#count += 1;
  }

  /** In the words of the contract, with all that can be included. */
  answer(startMs: number, price: BarPrice): Record<string, unknown> {
    const prices = { mid: this.#mid.members(2 * UNITS), bid: this.#bid.members(UNITS), ask: this.#ask.members(UNITS) };
    const { high, low } = this.#spread.members(UNITS);
    return {
      ...{ bucket: new Date(startMs).toISOString().replace(".000Z", "Z"), ...prices[price], tick_count: this.#count },
      ...{ ...this.#bid.members(UNITS, "bid_"), ...this.#ask.members(UNITS, "ask_") },
      ...{ spread_avg: this.#sum / (this.#count * UNITS), spread_min: low, spread_max: high, quote_count: this.#count },
    };
  }
}

/** What is answered of some quotes, of each side, by a computation that shares nothing with the system. */
export function expectedAnswers(quotes: readonly WholeQuote[], bucketOf: BucketOf) {
  const bars = new Map<number, QuoteBar>();
  for (const quote of quotes) {
    const startMs = bucketOf(quote.ms);
    const bar = bars.get(startMs) ?? new QuoteBar(quote);
    bars.set(startMs, bar);
    bar.add(quote);
  }
  return (price: BarPrice) => [...bars].map(([startMs, bar]) => bar.answer(startMs, price));
}

/** What a service answers, without what every bar of the week has alike. */
export async function givenAnswers(url: string, query: string, price: BarPrice): Promise<unknown[]> {
  const range = "symbol=EURUSD&start=2014-04-01T00:00:00Z&end=2014-06-01T00:00:00Z&limit=10000";
  const answer = await fetch(`${url}/ohlc?${range}&${query}&price=${price}&include=bid,ask,spread`);
  const rows = (await answer.json()) as Readonly<Record<string, unknown>>[]; // Bars, or the test fails.
  return rows.map(({ symbol: _symbol, complete: _complete, date: _date, ...bar }) => bar);
}

import {
  addSums,
  averageOf,
  type QuotesOfBar,
  type Side,
  type Sides,
  type SpreadSum,
  spreadOf,
  type TickKey,
} from "@fx-ohlc/schemas";

/** What is told of the quotes in a bar, by the names it has on the wire and in their order. */
const QUOTE_FIELDS = [
  ...(["bid_open", "bid_high", "bid_low", "bid_close"] as const),
  ...(["ask_open", "ask_high", "ask_low", "ask_close"] as const),
  ...(["spread_avg", "spread_min", "spread_max", "quote_count"] as const),
] as const;
type QuoteField = (typeof QUOTE_FIELDS)[number];

/** The quotes in a bar, as they are told. */
export type ToldQuotes = Readonly<Record<QuoteField, number>>;

/** The quotes in a bar with what more of them are folded by. */
export interface KeyedQuotes extends Omit<ToldQuotes, "spread_avg"> {
  readonly spreadSum: SpreadSum;
  /** Of the first quote, which need not be the first tick. */
  readonly openKey: TickKey;
  readonly closeKey: TickKey;
}

/** What a bar as it is answered over HTTP, with all that can be included, says of its quotes; null where it has none. */
export function toldQuotes(bar: QuotesOfBar): ToldQuotes | null {
  const isThere = typeof bar.quote_count === "number";
  return isThere ? (quotesJson(bar) as ToldQuotes) : null; // All of them are there, or none is.
}

/** The quotes in a bar on the wire: nulls where it has none. */
export function quotesJson(quotes: QuotesOfBar | null | undefined): Readonly<Record<QuoteField, number | null>> {
  const fields = QUOTE_FIELDS.map((field) => [field, quotes?.[field] ?? null]);
  return Object.fromEntries(fields) as Record<QuoteField, number | null>; // All of them.
}

/** Open, high, low and close of one side of them. */
export function sideJson(side: Side, quotes: ToldQuotes | null | undefined) {
  const of = (name: "open" | "high" | "low" | "close") => quotes?.[`${side}_${name}`] ?? null;
  return { open: of("open"), high: of("high"), low: of("low"), close: of("close") };
}

/** Whether quotes are told alike; none are like none. */
export function sameQuotes(a: ToldQuotes | null | undefined, b: ToldQuotes | null | undefined): boolean {
  return QUOTE_FIELDS.every((field) => a?.[field] === b?.[field]);
}

/** Whether a tick comes before another one of its symbol. */
export function isBefore(a: TickKey, b: TickKey): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.seq < b.seq);
}

/** The quotes of a bar that ticks are folded into, one by one, in any order. */
export class FoldedQuotes {
  #quotes: { -readonly [K in keyof KeyedQuotes]: KeyedQuotes[K] } | undefined;

  /** @param quotes those that there are already */
  constructor(quotes: KeyedQuotes | null) {
    this.#quotes = quotes === null ? undefined : { ...quotes };
  }

  /** Folds in a tick; one that is a single price changes nothing. */
  add(tick: TickKey & Sides): void {
    const { bid, ask } = tick;
    if (bid === undefined || ask === undefined) return;
    const sum = spreadOf(bid, ask);
    const quotes = this.#quotes;
    if (quotes === undefined) {
      this.#quotes = firstQuote(tick, bid, ask, sum);
      return;
    }
    const spread = averageOf(sum, 1);
    quotes.bid_high = Math.max(quotes.bid_high, bid);
    quotes.bid_low = Math.min(quotes.bid_low, bid);
    quotes.ask_high = Math.max(quotes.ask_high, ask);
    quotes.ask_low = Math.min(quotes.ask_low, ask);
    quotes.spread_max = Math.max(quotes.spread_max, spread);
    quotes.spread_min = Math.min(quotes.spread_min, spread);
    quotes.spreadSum = addSums(quotes.spreadSum, sum);
    quotes.quote_count += 1;
    if (isBefore(tick, quotes.openKey)) {
      quotes.bid_open = bid;
      quotes.ask_open = ask;
      quotes.openKey = tick;
    }
    if (isBefore(quotes.closeKey, tick)) {
      quotes.bid_close = bid;
      quotes.ask_close = ask;
      quotes.closeKey = tick;
    }
  }

  /** They with what more of them are folded by. */
  toKeyed(): KeyedQuotes | null {
    return this.#quotes ?? null;
  }

  /** They as they are now; null while there are none. */
  toTold(): ToldQuotes | null {
    if (this.#quotes === undefined) return null;
    const { spreadSum, openKey: _openKey, closeKey: _closeKey, ...told } = this.#quotes;
    return { ...told, spread_avg: averageOf(spreadSum, told.quote_count) };
  }
}

function firstQuote(key: TickKey, bid: number, ask: number, sum: SpreadSum): KeyedQuotes {
  const spread = averageOf(sum, 1);
  return {
    ...{ bid_open: bid, bid_high: bid, bid_low: bid, bid_close: bid },
    ...{ ask_open: ask, ask_high: ask, ask_low: ask, ask_close: ask },
    ...{ spread_min: spread, spread_max: spread, spreadSum: sum, quote_count: 1, openKey: key, closeKey: key },
  };
}

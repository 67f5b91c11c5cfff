import type { Micros } from "@fx-ohlc/schemas";

/** A feed, as far as it brings one symbol. */
export interface FeedSymbol {
  readonly feed: string;
  readonly symbol: string;
}

/** What was heard of it. Times are the database's. */
export interface Heard {
  /** When a tick or a heartbeat came last. */
  readonly heardUs: Micros;
  /** When a tick came last; 0: none did. */
  readonly tickedUs: Micros;
  /** The latest time of its ticks; 0: there are none. */
  readonly lastTickUs: Micros;
  /** What its heartbeats say; 0: there were none. */
  readonly everyS: number;
}

export type Pair = FeedSymbol & Heard;

/** Neither a feed's name nor a symbol holds it. */
const BETWEEN = "\t";

export function pairKey(feed: string, symbol: string): string {
  return `${feed}${BETWEEN}${symbol}`;
}

export function splitPairKey(key: string): FeedSymbol {
  const [feed = "", symbol = ""] = key.split(BETWEEN);
  return { feed, symbol };
}

/** Pairs there may be in all: a feed of every symbol that a system has by default, and one more. */
export const PAIRS_MAX = 20_000;

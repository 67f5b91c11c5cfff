import type { Bar, LiveInterval, Micros } from "@fx-ohlc/schemas";
import { sameQuotes, type ToldQuotes } from "./quotes.js";

/** A bar with what can be told of it. */
export interface ToldBar extends Bar {
  /** Null where it has none; absent where nobody follows quotes. */
  readonly quotes?: ToldQuotes | null;
  /** Of its first tick, of bars of ticks: several may begin at one time. */
  readonly seq?: number;
}

/** A bar as clients are told of it. */
export interface ShownBar {
  readonly bar: ToldBar | ReturnType<typeof emptyBar>;
  /** Its end has passed. */
  readonly complete: boolean;
  /** The grace for late ticks has passed too. */
  readonly final: boolean;
  /** The name of its FX day, or of its first one, of bars of a day or more. */
  readonly date?: string;
}

/**
 * News of a bar: `bar`, one that is still open, as it is now; `final`, told once of each bar; `revision`, a bar that had been
 * final is another one now, or gone, or, when the database's clock was put back, open again.
 */
export interface BarEvent extends ShownBar {
  readonly kind: "bar" | "final" | "revision";
  readonly interval: LiveInterval;
}

/** What a bucket without ticks is told as: its bar is gone. */
export function emptyBar(symbol: string, bucketUs: Micros, seq?: number) {
  const none = { open: null, high: null, low: null, close: null, tickCount: 0, quotes: null } as const;
  return { symbol, bucketUs, ...none, ...(seq === undefined ? {} : { seq }) };
}

const TOLD = ["bucketUs", "seq", "open", "high", "low", "close", "tickCount"] as const;

/** Whether two bars are told alike; nothing is like nothing. */
export function sameBar(a: ShownBar["bar"] | undefined, b: ShownBar["bar"] | undefined): boolean {
  return TOLD.every((field) => a?.[field] === b?.[field]) && sameQuotes(a?.quotes, b?.quotes);
}

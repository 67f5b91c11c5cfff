import type { Micros } from "@fx-ohlc/schemas";
import { middle } from "./decimal.js";

/** Which price of a quote to take. */
export const PRICE_SIDES = ["bid", "ask", "mid"] as const;
export type PriceSide = (typeof PRICE_SIDES)[number];

/** What of a quote can be sent: all of it, or one price. */
export const SENT_CHOICES = ["quote", ...PRICE_SIDES] as const;
export type SentChoice = (typeof SENT_CHOICES)[number];

/** What an import can take: also bid and ask as two symbols. */
export const PRICE_CHOICES = [...SENT_CHOICES, "both"] as const;
export type PriceChoice = (typeof PRICE_CHOICES)[number];

/** A column or a field that holds a price. */
export type PriceName = "price" | "bid" | "ask";

/** What a line or a record says: a quote, or a single price. */
export interface Quote {
  readonly timeUs: Micros;
  /** As stored; undefined where the file does not say it on every line. */
  readonly symbol: string | undefined;
  /** Its place among those of its stamp; undefined where the file does not say it, and the service finds it. */
  readonly seq: number | undefined;
  /** Decimal text, so that no digit is lost on the way: one price, or bid and ask. */
  readonly prices: readonly string[];
}

/** Whether a file's quotes are taken as they are. */
export function takesQuotes(choice: PriceChoice | undefined): boolean {
  return choice === undefined || choice === "quote";
}

/** What is appended to a symbol's name for each of a quote's prices. */
export function symbolSuffixes(choice: PriceChoice | undefined): readonly string[] {
  return choice === "both" ? [".BID", ".ASK"] : [""];
}

/**
 * The prices that a choice is made of. Without one they are both sides where a file has them, and else its price.
 *
 * @param has which of them the file holds
 * @throws Error when it holds only one side, which nobody said to take for the price
 */
export function priceNames(choice: PriceChoice | undefined, has: (name: PriceName) => boolean): readonly PriceName[] {
  if (choice === "bid" || choice === "ask") return [choice];
  if (choice !== undefined || (has("bid") && has("ask"))) return ["bid", "ask"];
  if (has("price")) return ["price"];
  throw new Error("the file has no price column, nor bid and ask: choose one with --price bid or --price ask");
}

/** The prices to store, of those that {@link priceNames} named, in its order. */
export function chosenPrices(choice: PriceChoice | undefined, prices: readonly string[]): readonly string[] {
  const [bid = "", ask = ""] = prices;
  return choice === "mid" ? [middle(bid, ask)] : prices;
}

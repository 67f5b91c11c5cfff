import type { Micros } from "@fx-ohlc/schemas";
import { middle } from "./decimal.js";

/** Which price of a quote to take. */
export const PRICE_SIDES = ["bid", "ask", "mid"] as const;
export type PriceSide = (typeof PRICE_SIDES)[number];

/** What an import can take: one price, or bid and ask as two symbols. */
export const PRICE_CHOICES = [...PRICE_SIDES, "both"] as const;
export type PriceChoice = (typeof PRICE_CHOICES)[number];

/** A column or a field that holds a price. */
export type PriceName = "price" | "bid" | "ask";

/** What a line or a record says. */
export interface Quote {
  readonly timeUs: Micros;
  /** As stored; undefined where the file does not say it on every line. */
  readonly symbol: string | undefined;
  /** Its place among those of its stamp; undefined where the file does not say it, and the service finds it. */
  readonly seq: number | undefined;
  /** Decimal text, so that no digit is lost on the way: one price, or bid and ask. */
  readonly prices: readonly string[];
}

/** What is appended to a symbol's name for each of a quote's prices. */
export function symbolSuffixes(choice: PriceChoice | undefined): readonly string[] {
  return choice === "both" ? [".BID", ".ASK"] : [""];
}

/**
 * The prices that a choice is made of.
 *
 * @param has which of them the file holds
 * @throws Error when there is no price and nobody said which side of the quotes to take
 */
export function priceNames(choice: PriceChoice | undefined, has: (name: PriceName) => boolean): readonly PriceName[] {
  if (choice === "mid" || choice === "both") return ["bid", "ask"];
  if (choice !== undefined) return [choice];
  if (has("price")) return ["price"];
  throw new Error("the file has no price column: choose one with --price bid, --price ask or --price mid");
}

/** The prices to store, of those that {@link priceNames} named, in its order. */
export function chosenPrices(choice: PriceChoice | undefined, prices: readonly string[]): readonly string[] {
  const [bid = "", ask = ""] = prices;
  return choice === "mid" ? [middle(bid, ask)] : prices;
}

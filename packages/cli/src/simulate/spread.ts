import type { QuoteInput } from "@fx-ohlc/client";
import { priceDecimals } from "./random-walk.js";

/** What lies between bid and ask in calm hours, in tenths of a pip. */
const CALM_SPREAD_POINTS: Readonly<Record<string, number>> = {
  EURUSD: 6,
  GBPUSD: 10,
  AUDUSD: 8,
  NZDUSD: 14,
  USDCAD: 12,
  USDCHF: 12,
  USDJPY: 8,
  EURGBP: 10,
  EURJPY: 14,
  GBPJPY: 24,
  EURCHF: 16,
  AUDJPY: 16,
};

/** Of a symbol that is in no table. */
const SPREAD_POINTS_ELSE = 20;

/** From one quote to the next the spread is between that part of the calm one and as much above it. */
const NARROWEST = 0.7;

/**
 * A quote around a price, both sides whole tenths of a pip.
 *
 * @param random uniform in [0, 1)
 */
export function quoteAround(symbol: string, price: number, random: () => number): QuoteInput {
  const scale = 10 ** priceDecimals(symbol);
  const calm = CALM_SPREAD_POINTS[symbol.slice(0, 6)] ?? SPREAD_POINTS_ELSE;
  const spread = Math.max(1, Math.round(calm * (NARROWEST + 2 * (1 - NARROWEST) * random())));
  const bid = Math.max(1, Math.round(price * scale - spread / 2));
  return { bid: bid / scale, ask: (bid + spread) / scale };
}

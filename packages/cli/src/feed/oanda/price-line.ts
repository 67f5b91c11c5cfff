import type { VenueTick } from "../venue.js";

/** What a line of the pricing stream says. */
export type PriceLine =
  | { readonly kind: "heartbeat" }
  | { readonly kind: "price"; readonly tick: VenueTick }
  /** A price that nobody can trade on, or a line of another type. */
  | { readonly kind: "other" };

/** As https://developer.oanda.com/rest-live-v20/pricing-df/ has it; nothing of it is sure to be there. */
interface Line {
  readonly type?: unknown;
  readonly instrument?: unknown;
  readonly time?: unknown;
  readonly tradeable?: unknown;
  readonly bids?: unknown;
  readonly asks?: unknown;
}

const OTHER = { kind: "other" } as const;

/** The best price of a side: the first of its buckets, which are for larger and larger amounts. */
function bestOf(side: unknown): string | undefined {
  const [best]: unknown[] = Array.isArray(side) ? side : [];
  if (typeof best !== "object" || best === null || !("price" in best)) return undefined;
  return typeof best.price === "string" && Number(best.price) > 0 ? best.price : undefined;
}

/**
 * Reads one line.
 *
 * @throws SyntaxError for one that is no JSON: the connection is not to be trusted any more
 */
export function priceLine(text: string): PriceLine {
  const line: Line = JSON.parse(text) ?? {};
  if (line.type === "HEARTBEAT") return { kind: "heartbeat" };
  const [bid, ask] = [bestOf(line.bids), bestOf(line.asks)];
  if (line.type !== "PRICE" || line.tradeable === false || bid === undefined || ask === undefined) return OTHER;
  if (typeof line.instrument !== "string" || typeof line.time !== "string") return OTHER;
  return { kind: "price", tick: { symbol: line.instrument, time: line.time, prices: [bid, ask] } };
}

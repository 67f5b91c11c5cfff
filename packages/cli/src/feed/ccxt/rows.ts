import { decimalText } from "../../tick-file/decimal.js";
import type { VenueTick } from "../venue.js";
import { exactTime } from "./exact-time.js";
import type { CcxtRow } from "./library.js";

/** A price as decimal text: the shortest that is the number, which is what the venue sent. */
function priceText(price: number | undefined): string | undefined {
  return typeof price === "number" && price > 0 ? decimalText(String(price), ".") : undefined;
}

function tickOf({ symbol, timestamp, info }: CcxtRow, prices: readonly (string | undefined)[]): VenueTick | undefined {
  const known = prices.filter((price) => price !== undefined);
  if (symbol === undefined || known.length < prices.length) return undefined;
  return { symbol, time: exactTime(timestamp, info), prices: known };
}

/** A ticker's bid and ask; undefined where one of them is missing. */
export function quoteOf(row: CcxtRow): VenueTick | undefined {
  return tickOf(row, [priceText(row.bid), priceText(row.ask)]);
}

/** A ticker's last price; undefined where it has none. */
export function lastOf(row: CcxtRow): VenueTick | undefined {
  return tickOf(row, [priceText(row.last)]);
}

/** A trade's price. */
export function tradeOf(row: CcxtRow): VenueTick | undefined {
  const tick = tickOf(row, [priceText(row.price)]);
  return tick === undefined || row.id === undefined ? tick : { ...tick, id: row.id };
}

/**
 * Tickers of one venue as ticks: quotes, or the last price of symbols that never had a bid and an ask, for what is stored of a symbol is
 * of one kind.
 */
export class Tickers {
  readonly #quoted = new Set<string>();

  tickOf(row: CcxtRow): VenueTick | undefined {
    const quote = quoteOf(row);
    if (quote !== undefined) this.#quoted.add(quote.symbol);
    if (quote !== undefined || row.bid !== undefined || row.ask !== undefined) return quote;
    return row.symbol !== undefined && this.#quoted.has(row.symbol) ? undefined : lastOf(row);
  }
}

import { parseTime } from "@fx-ohlc/schemas";
import { StreamOrder } from "./stream-order.js";
import type { BookedTick, TickBook } from "./tick-book.js";
import type { TimeRange } from "./told.js";

/** A tick on the wire. */
export type WireTick = Omit<BookedTick, "symbol">;

/** What everybody saw, put together: the order of each symbol's stream. */
export class StreamRecord {
  readonly #orders = new Map<string, StreamOrder>();

  constructor(readonly book: TickBook) {}

  order(symbol: string): StreamOrder {
    const known = this.#orders.get(symbol);
    if (known !== undefined) return known;
    const order = new StreamOrder();
    this.#orders.set(symbol, order);
    return order;
  }

  numbersOf(symbol: string, ticks: readonly WireTick[]): number[] {
    return ticks.map((tick) => this.book.numberOf({ symbol, ...tick }));
  }
}

/** @throws Error when a message carries something else than times */
export function rangeOf({ from, to }: { readonly from: string; readonly to: string }): TimeRange {
  const [fromUs, toUs] = [parseTime(from), parseTime(to)];
  if (fromUs === undefined || toUs === undefined) throw new Error(`${from} to ${to} is no range of time`);
  return { fromUs, toUs };
}

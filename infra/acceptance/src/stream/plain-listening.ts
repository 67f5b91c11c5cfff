import type { AccountBook } from "./account-book.js";
import { rangeOf, type StreamRecord, type WireTick } from "./record.js";

/** A tick, or a declared gap. */
type PlainMessage =
  | (WireTick & { readonly type?: undefined; readonly symbol: string })
  | { readonly type: "gap"; readonly symbol: string; readonly from: string; readonly to: string };

/** Writes down what `/ws/ticks` tells: nothing can be resumed there, so each connection begins anew. */
export class PlainListening {
  constructor(
    private readonly book: AccountBook,
    private readonly record: StreamRecord,
  ) {}

  get path(): string {
    return `/ws/ticks?symbol=${this.book.symbols.join()}`;
  }

  request(): undefined {}

  onOpen(atMs: number): void {
    for (const symbol of this.book.symbols) this.book.add(symbol, { kind: "follows", atMs, isResumed: false });
  }

  onText(text: string): void {
    const message = JSON.parse(text) as PlainMessage; // Of another shape it is a tick that was never stored.
    const { symbol } = message;
    if (message.type === "gap") this.book.add(symbol, { kind: "gap", range: rangeOf(message) });
    else this.book.add(symbol, { kind: "ticks", ticks: this.record.numbersOf(symbol, [message]) });
  }
}

import type { AccountBook } from "./account-book.js";
import { CORRECTED_SYMBOLS } from "./keepers.js";
import { rangeOf, type StreamRecord, type WireTick } from "./record.js";

/** What `/ws` may say to a client of ticks. */
type Message =
  | { readonly type: "subscribed"; readonly channels: readonly Described[] }
  | { readonly type: "heartbeat"; readonly offsets: Readonly<Record<string, string>> }
  | { readonly type: "ticks"; readonly channel: string; readonly offset: string; readonly ticks: readonly WireTick[] }
  | ({ readonly type: "conflated"; readonly channel: string; readonly skipped: number } & Range)
  | ({ readonly type: "gap" | "corrected"; readonly channel: string } & Range)
  | { readonly type: "error"; readonly code: string; readonly message: string };

interface Described {
  readonly channel: string;
  readonly offset?: string;
  readonly recovered: boolean;
}

interface Range {
  readonly from: string;
  readonly to: string;
}

const symbolOf = (channel: string) => channel.slice("ticks:".length);

/** Writes down what `/ws` tells, and resumes each connection where the last one ended. */
export class MultiplexListening {
  readonly path = "/ws";
  /** Where each symbol is resumed. */
  readonly #offsets = new Map<string, string>();
  /** Heartbeats may come before the answer to the subscription. */
  #isSubscribed = false;
  /** Symbols of which it is not known yet where this connection follows them from. */
  #awaited = new Set<string>();
  /** The next message of these holds only the newest tick of several messages. */
  readonly #conflated = new Set<string>();

  /** @param channels what is subscribed to: channels of the book's symbols, or `ticks:*` */
  constructor(
    private readonly channels: readonly string[],
    private readonly book: AccountBook,
    private readonly record: StreamRecord,
  ) {}

  request(): string {
    const since = Object.fromEntries([...this.#offsets].map(([symbol, offset]) => [`ticks:${symbol}`, offset]));
    return JSON.stringify({ op: "subscribe", id: 1, channels: this.channels, since });
  }

  onOpen(): void {
    this.#isSubscribed = false;
    this.#awaited = new Set(this.book.symbols);
    this.#conflated.clear();
  }

  onText(text: string, atMs: number): void {
    const message = JSON.parse(text) as Message; // Another shape ends in an error below.
    if ("channel" in message && CORRECTED_SYMBOLS.includes(symbolOf(message.channel))) {
      // Others keep account of these; by name nobody else asks for them.
      if (this.channels.includes("ticks:*")) return;
      throw new Error(`told ${text} and did not ask for it`);
    }
    switch (message.type) {
      case "subscribed":
        this.#isSubscribed = true;
        for (const described of message.channels) this.#subscribed(described, atMs);
        return;
      case "heartbeat":
        this.#standing(message.offsets, atMs);
        return;
      case "conflated":
        this.#conflated.add(message.channel);
        this.book.add(symbolOf(message.channel), {
          kind: "conflated",
          skipped: message.skipped,
          range: rangeOf(message),
        });
        return;
      case "gap":
        this.book.add(symbolOf(message.channel), { kind: "gap", range: rangeOf(message) });
        return;
      case "ticks":
        this.#ticks(message);
        return;
      default:
        throw new Error(`told ${text}`);
    }
  }

  #subscribed({ channel, offset, recovered }: Described, atMs: number): void {
    const symbol = symbolOf(channel);
    if (recovered) {
      this.#awaited.delete(symbol);
      this.book.add(symbol, { kind: "follows", atMs, isResumed: true });
    } else if (offset !== undefined) {
      this.#follow(symbol, offset, atMs);
    }
  }

  /** The heartbeat after the answer to `ticks:*` says where each symbol stands; one it does not name has had no message. */
  #standing(offsets: Readonly<Record<string, string>>, atMs: number): void {
    if (!this.#isSubscribed) return;
    for (const symbol of this.#awaited) this.#follow(symbol, offsets[`ticks:${symbol}`] ?? "0-0", atMs);
  }

  #follow(symbol: string, offset: string, atMs: number): void {
    if (!this.#awaited.delete(symbol)) return;
    this.#offsets.set(symbol, offset);
    this.book.add(symbol, { kind: "follows", atMs, offset, isResumed: false });
  }

  #ticks({ channel, offset, ticks }: Extract<Message, { type: "ticks" }>): void {
    const symbol = symbolOf(channel);
    const numbers = this.record.numbersOf(symbol, ticks);
    const isWhole = !this.#conflated.delete(channel);
    if (isWhole) this.record.order(symbol).note(offset, numbers);
    this.#offsets.set(symbol, offset);
    this.book.add(symbol, { kind: "ticks", offset, ticks: numbers });
  }
}

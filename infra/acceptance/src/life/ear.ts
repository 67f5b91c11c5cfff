import { parseTime } from "@fx-ohlc/schemas";
import { WebSocket } from "ws";
import { LEVELS, type Level } from "./buckets.js";
import type { ModelBar } from "./model.js";

/** What a client was told, in order: a tick, a range that it has to read over HTTP, or that it begins anew. */
export type Heard =
  | {
      readonly kind: "tick";
      readonly symbol: string;
      readonly timeUs: number;
      readonly seq: number;
      readonly price: number;
    }
  | { readonly kind: "gap"; readonly symbol: string; readonly fromUs: number; readonly toUs: number }
  | { readonly kind: "anew" };

/** The last that was told of a bar, and when among everything that was told. */
export interface HeardBar extends ModelBar {
  readonly level: Level;
  readonly at: number;
}

interface BarGap {
  readonly symbol: string;
  readonly level: Level;
  readonly fromUs: number;
  readonly toUs: number;
  readonly at: number;
}

interface WireTick {
  readonly time: string;
  readonly seq: number;
  readonly price: number;
}

interface WireBar {
  readonly symbol: string;
  readonly interval: Level;
  readonly bucket: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tick_count: number;
}

/** Everything that `/ws`, `/ws/ticks` or `/ws/ohlc/…` may say, as far as an account depends on it. */
interface Wire extends Partial<WireTick>, Partial<Omit<WireBar, "symbol">> {
  readonly type?: string;
  readonly channel?: string;
  readonly symbol?: string;
  readonly from?: string;
  readonly to?: string;
  readonly offset?: string;
  readonly ticks?: readonly WireTick[];
  readonly bar?: WireBar;
  readonly channels?: readonly { readonly channel: string; readonly offset?: string; readonly recovered: boolean }[];
  readonly code?: string;
}

/** A client that lost its connection comes back after this, ms. */
const RETRY_MS = 50;

/** An instant on the wire; the end of time where none is said. */
function instant(time: string | undefined): number {
  return time === undefined ? Number.MAX_SAFE_INTEGER : (parseTime(time) ?? Number.NaN);
}

/**
 * A client that follows a few symbols for the whole of a life and writes down what it is told. Over `/ws` it resumes where it
 * was; the plain endpoints know no resuming, so there it begins anew with each connection.
 */
export class Ear {
  readonly heard: Heard[] = [];
  readonly bars = new Map<string, HeardBar>();
  readonly barGaps: BarGap[] = [];
  readonly faults: string[] = [];
  readonly #offsets = new Map<string, string>();
  #socket: WebSocket | undefined;
  #isClosed = false;
  #isFollowing = false;
  #said = 0;

  /** @param path `/ws`, or a plain endpoint */
  constructor(
    readonly name: string,
    private readonly gatewayUrl: string,
    private readonly path: string,
    readonly symbols: readonly string[],
  ) {}

  open(): void {
    if (this.#isClosed) return;
    const url = this.#isPlain ? `${this.path}?symbol=${this.symbols.join()}` : this.path;
    const socket = new WebSocket(`${this.gatewayUrl.replace("http:", "ws:")}${url}`, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on("open", () => this.#opened(socket));
    socket.on("message", (data) => this.#hear(JSON.parse(String(data)) as Wire)); // Another shape is a fault below.
    socket.on("error", () => undefined); // It is followed by "close".
    socket.on("close", () => {
      this.#isFollowing = false;
      setTimeout(() => this.open(), RETRY_MS);
    });
  }

  /** Whether it is connected, and follows all of its symbols. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  get #isPlain(): boolean {
    return this.path !== "/ws";
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.terminate();
  }

  #opened(socket: WebSocket): void {
    if (this.#isPlain) {
      this.#beginAnew();
      return;
    }
    const ticks = this.symbols.map((symbol) => `ticks:${symbol}`);
    const bars = this.symbols.flatMap((symbol) => LEVELS.map((level) => `ohlc:${symbol}:${level}`));
    const since = Object.fromEntries(this.#offsets);
    socket.send(JSON.stringify({ op: "subscribe", id: 1, channels: [...ticks, ...bars], since }));
    // Bars always begin with the newest one: what came before may have changed unseen.
    this.bars.clear();
  }

  #beginAnew(): void {
    this.heard.push({ kind: "anew" });
    this.bars.clear();
    this.#isFollowing = true;
  }

  #hear(message: Wire): void {
    this.#said += 1;
    const { type, channel = "" } = message;
    const symbol = message.symbol ?? channel.split(":")[1] ?? "";
    if (type === "subscribed") this.#subscribed(message);
    else if (type === "gap" && this.#isOfBars(channel)) this.#noteBarGap(symbol, channel.split(":")[2], message);
    else if (type === "corrected") this.#noteCorrected(symbol, message);
    else if (type === "gap" || type === "conflated")
      this.heard.push({ kind: "gap", symbol, fromUs: instant(message.from), toUs: instant(message.to) });
    else if (type === "ticks") this.#noteTicks(symbol, message);
    else if (message.bar !== undefined) this.#noteBar(message.bar);
    else if (type === "error") this.faults.push(JSON.stringify(message));
    else if (type === undefined) this.#notePlain(message);
  }

  #subscribed({ channels = [] }: Wire): void {
    for (const { channel, offset, recovered } of channels) {
      if (!channel.startsWith("ticks:") || recovered) continue;
      const [, symbol = ""] = channel.split(":");
      this.heard.push({ kind: "gap", symbol, fromUs: 0, toUs: Number.MAX_SAFE_INTEGER });
      if (offset !== undefined) this.#offsets.set(channel, offset);
    }
    this.#isFollowing = true;
  }

  #noteTicks(symbol: string, { channel = "", offset, ticks = [] }: Wire): void {
    if (offset !== undefined) this.#offsets.set(channel, offset);
    for (const { time, seq, price } of ticks)
      this.heard.push({ kind: "tick", symbol, timeUs: instant(time), seq, price });
  }

  /** An account is of what was committed, and not of what became of it: here it is a range that nobody need be told of. */
  #noteCorrected(symbol: string, { channel = "", offset, from, to }: Wire): void {
    if (offset !== undefined) this.#offsets.set(channel, offset);
    this.heard.push({ kind: "gap", symbol, fromUs: instant(from), toUs: instant(to) });
  }

  #notePlain({ symbol = "", time, seq = 0, price = 0, bucket, ...rest }: Wire): void {
    if (time !== undefined) this.heard.push({ kind: "tick", symbol, timeUs: instant(time), seq, price });
    else if (bucket !== undefined) this.#noteBar({ ...(rest as WireBar), symbol, bucket });
  }

  #noteBar({ symbol, interval, bucket, open, high, low, close, tick_count }: WireBar): void {
    const bucketUs = instant(bucket);
    const bar = { symbol, bucketUs, open, high, low, close, tick_count, level: interval, at: this.#said };
    this.bars.set(`${symbol} ${interval} ${bucketUs}`, bar);
  }

  /** The plain endpoints name no channel. */
  #isOfBars(channel: string): boolean {
    return channel.startsWith("ohlc:") || this.path.startsWith("/ws/ohlc/");
  }

  #noteBarGap(symbol: string, interval = this.path.split("/").at(-1), { from, to }: Wire): void {
    const level = LEVELS.find((name) => name === interval) ?? "minute";
    this.barGaps.push({ symbol, level, fromUs: instant(from), toUs: instant(to), at: this.#said });
  }
}

import type { ChannelName, FxClient, FxStream, StreamEvent } from "@fx-ohlc/client";

/** Every symbol's newest minute and day: what the watchlist is made of. */
const WATCH_CHANNELS: readonly ChannelName[] = ["ohlc:*:minute", "ohlc:*:day"];
/** After a longer outage the stream begins anew, and everything shown is read over HTTP: replaying hours would take long. */
const RESUME_MAX_MS = 120_000;

export interface LiveStreamListener {
  onEvent(event: StreamEvent): void;
  /** The stream is back after it was away too long to resume: ticks since then are not replayed. */
  onRestart(): void;
}

/** The page's stream: every symbol's bars, and the ticks of the chosen one. */
export class LiveStream {
  #stream: FxStream | undefined;
  #symbol: string | undefined;
  #lostAtMs: number | undefined;
  #checkedAtMs: number | undefined;
  /** The stream was begun anew since it was lost. */
  #isAnew = false;

  constructor(
    private readonly client: FxClient,
    private readonly listener: LiveStreamListener,
  ) {}

  /** Follows another symbol's ticks and hours. */
  follow(symbol: string): void {
    const before = this.#symbol;
    if (symbol === before) return;
    this.#symbol = symbol;
    if (this.#stream === undefined) return;
    this.#stream.subscribe(...channelsOf(symbol));
    if (before !== undefined) this.#stream.unsubscribe(...channelsOf(before));
  }

  open(): void {
    const chosen = this.#symbol === undefined ? [] : channelsOf(this.#symbol);
    const stream = this.client.stream({ channels: [...WATCH_CHANNELS, ...chosen], reconnect: { capMs: 10_000 } });
    this.#stream = stream;
    const listen = (event: StreamEvent): void => {
      // A stream that was replaced has nothing more to say.
      if (stream === this.#stream) this.#onEvent(event);
    };
    for (const type of EVENT_TYPES) stream.on(type, listen);
  }

  /** To be called every second: notices an outage that has lasted too long, and a machine that has slept. */
  check(nowMs: number): void {
    const checkedAtMs = this.#checkedAtMs ?? nowMs;
    this.#checkedAtMs = nowMs;
    const hasSlept = nowMs - checkedAtMs > RESUME_MAX_MS;
    if (hasSlept) this.#onEvent({ type: "status", status: "waiting", reason: "this machine slept" });
    const lostAtMs = hasSlept ? Math.min(checkedAtMs, this.#lostAtMs ?? checkedAtMs) : this.#lostAtMs;
    this.#lostAtMs = lostAtMs;
    if (this.#isAnew || lostAtMs === undefined || nowMs - lostAtMs < RESUME_MAX_MS) return;
    this.#isAnew = true;
    this.#begin();
  }

  /** Replaces the stream by one that remembers nothing. */
  #begin(): void {
    const before = this.#stream;
    this.#stream = undefined;
    before?.close();
    this.open();
  }

  #onEvent(event: StreamEvent): void {
    if (event.type === "status" && event.status === "waiting") this.#lostAtMs ??= Date.now();
    if (event.type === "status" && event.status === "live") {
      const isAnew = this.#isAnew;
      this.#lostAtMs = undefined;
      this.#isAnew = false;
      if (isAnew) this.listener.onRestart();
    }
    this.listener.onEvent(event);
  }
}

const EVENT_TYPES = [
  "status",
  "ticks",
  "bar",
  "final",
  "revision",
  "conflated",
  "gap",
  "error",
  "reloaded-ticks",
  "reloaded-bars",
] as const;

function channelsOf(symbol: string): ChannelName[] {
  return [`ticks:${symbol}`, `ohlc:${symbol}:hour`];
}

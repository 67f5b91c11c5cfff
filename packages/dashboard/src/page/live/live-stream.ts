import type { ChannelName, FxClient, FxStream, StreamEvent } from "@fx-ohlc/client";

/** Every symbol's newest minute and day: what the watchlist is made of. The minutes tell of quotes where there are some. */
function watchChannels(hasQuotes: boolean): ChannelName[] {
  return [barsOf("*", "minute", hasQuotes), "ohlc:*:day"];
}

/** A channel of quotes tells all that the plain one does, and both sides. */
function barsOf(symbol: string, interval: "minute" | "hour", hasQuotes: boolean): ChannelName {
  return `ohlc:${symbol}:${interval}${hasQuotes ? ":quote" : ""}`;
}

function channelsOf(symbol: string, hasQuotes: boolean): ChannelName[] {
  return [`ticks:${symbol}`, barsOf(symbol, "hour", hasQuotes)];
}

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
  #hasQuotes = false;

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
    this.#stream.subscribe(...channelsOf(symbol, this.#hasQuotes));
    if (before !== undefined) this.#stream.unsubscribe(...channelsOf(before, this.#hasQuotes));
  }

  /** Follows bars with both sides from now on: some symbol has quotes. @returns false when it did so before */
  followQuotes(): boolean {
    if (this.#hasQuotes) return false;
    const before = this.#channels;
    this.#hasQuotes = true;
    const after = this.#channels;
    this.#stream?.subscribe(...after.filter((channel) => !before.includes(channel)));
    this.#stream?.unsubscribe(...before.filter((channel) => !after.includes(channel)));
    return true;
  }

  get #channels(): ChannelName[] {
    const chosen = this.#symbol === undefined ? [] : channelsOf(this.#symbol, this.#hasQuotes);
    return [...watchChannels(this.#hasQuotes), ...chosen];
  }

  open(): void {
    const stream = this.client.stream({ channels: this.#channels, reconnect: { capMs: 10_000 } });
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
  "corrected",
  "bar",
  "final",
  "revision",
  "conflated",
  "gap",
  "error",
  "reloaded-ticks",
  "reloaded-bars",
] as const;

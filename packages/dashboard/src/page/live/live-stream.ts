import { type ChannelName, canonicalName, type FxClient, type FxStream, type StreamEvent } from "@fx-ohlc/client";
import { type BarSeries, channelOf } from "../bars/buckets.js";
import type { BoundaryName } from "../boundaries.js";

/**
 * Every symbol's newest minute and day, and how its feeds are: what the watchlist is made of. The minutes tell of quotes where there
 * are some, and the days begin where those of the chart do.
 */
function watchChannels(hasQuotes: boolean, boundary: BoundaryName): ChannelName[] {
  return [barsOf("*", "minute", hasQuotes), channelOf({ symbol: "*", interval: "1d", boundary }, false), "status:*"];
}

/** A channel of quotes tells all that the plain one does, and both sides. */
function barsOf(symbol: string, interval: "minute" | "hour", hasQuotes: boolean): ChannelName {
  return `ohlc:${symbol}:${interval}${hasQuotes ? ":quote" : ""}`;
}

function channelsOf(series: BarSeries, hasQuotes: boolean): ChannelName[] {
  const { symbol } = series;
  const chart = channelOf(series, hasQuotes);
  const hours = barsOf(symbol, "hour", hasQuotes);
  return [`ticks:${symbol}`, ...(canonicalName(chart) === hours ? [hours] : [hours, chart])];
}

/** After a longer outage the stream begins anew, and everything shown is read over HTTP: replaying hours would take long. */
const RESUME_MAX_MS = 120_000;

export interface LiveStreamListener {
  onEvent(event: StreamEvent): void;
  /** The stream is back after it was away too long to resume: ticks since then are not replayed. */
  onRestart(): void;
}

/** The page's stream: every symbol's bars, the ticks of the chosen one, and the bars that its chart shows. */
export class LiveStream {
  #stream: FxStream | undefined;
  #series: BarSeries | undefined;
  /** A second symbol, whose bars of the same kind are followed, too. */
  #compared: string | undefined;
  #lostAtMs: number | undefined;
  #checkedAtMs: number | undefined;
  /** The stream was begun anew since it was lost. */
  #isAnew = false;
  #hasQuotes = false;

  constructor(
    private readonly client: FxClient,
    private readonly listener: LiveStreamListener,
    /** Of the days, until a chart is followed. */
    private readonly boundary: BoundaryName,
  ) {}

  /** Follows what a chart shows, the ticks of its symbol and its hours. */
  follow(series: BarSeries, compared?: string): void {
    this.#change(() => {
      this.#series = series;
      this.#compared = compared;
    });
  }

  /** What the messages with the bars of the compared symbol carry. */
  isOfCompared(channel: string): boolean {
    const series = this.#series;
    if (series === undefined || this.#compared === undefined) return false;
    return canonicalName(channelOf({ ...series, symbol: this.#compared }, this.#hasQuotes)) === channel;
  }

  /** Follows bars with both sides from now on: some symbol has quotes. @returns false when it did so before */
  followQuotes(): boolean {
    if (this.#hasQuotes) return false;
    this.#change(() => {
      this.#hasQuotes = true;
    });
    return true;
  }

  /** What the messages with the bars of the chart carry. */
  isOfChart(channel: string): boolean {
    return this.#series !== undefined && canonicalName(channelOf(this.#series, this.#hasQuotes)) === channel;
  }

  #change(make: () => void): void {
    const before = this.#channels;
    make();
    const after = this.#channels;
    this.#stream?.subscribe(...after.filter((channel) => !before.includes(channel)));
    this.#stream?.unsubscribe(...before.filter((channel) => !after.includes(channel)));
  }

  get #channels(): ChannelName[] {
    const series = this.#series;
    const chosen = series === undefined ? [] : channelsOf(series, this.#hasQuotes);
    if (series !== undefined && this.#compared !== undefined)
      chosen.push(channelOf({ ...series, symbol: this.#compared }, this.#hasQuotes));
    return [...watchChannels(this.#hasQuotes, this.#series?.boundary ?? this.boundary), ...chosen];
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
  "feed-status",
] as const;

import { setTimeout as delay } from "node:timers/promises";
import { fullJitterMs, type Logger } from "@fx-ohlc/service-kit";
import type { BarBook } from "./bar-book.js";
import type { Anchor } from "./live-bars.js";
import type { Anchors, QueryClient } from "./query-client.js";
import type { WatchedBars } from "./watched-bars.js";

/** Symbols one request names: their list stays well below what a URL may hold. */
const SYMBOLS_MAX = 100;
const RETRY_BACKOFF = { baseMs: 100, maxMs: 5000 };

/**
 * Brings an anchor to every symbol that needs one, one request at a time: what needs one meanwhile is in the next request, so
 * that any number of clients costs the database one query after the other.
 */
export class AnchorLoader {
  #isLoading = false;
  #failures = 0;

  constructor(
    private readonly book: BarBook,
    private readonly client: QueryClient,
    private readonly logger: Logger,
    private readonly signal: AbortSignal,
  ) {}

  /** Starts loading whatever is needed, unless that is going on. */
  wake(): void {
    if (!this.#isLoading) void this.#load();
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    while (!this.signal.aborted) {
      const entries = [...this.book.entries].filter(({ live }) => live.needsAnchor);
      if (this.book.wantsEverySymbol) await this.#loadAll(entries);
      else if (entries.length > 0) await this.#request(entries.slice(0, SYMBOLS_MAX), false);
      else break;
    }
    this.#isLoading = false;
  }

  /** Symbols without a single bar are in no answer to a request for all: those that wait get the empty anchor. */
  async #loadAll(entries: readonly WatchedBars[]): Promise<void> {
    const isStillFollowed = this.book.everySymbolAsked();
    const anchors = await this.#request(entries, true);
    if (anchors === undefined) this.book.everySymbolFailed();
    if (anchors === undefined || !isStillFollowed()) return;
    for (const [symbol, anchor] of anchors.known) {
      // One that is here already was heard of after the request was sent, and needs an anchor of its own.
      if (!this.book.has(symbol)) this.#begin(this.book.entry(symbol), anchor);
    }
  }

  async #request(entries: readonly WatchedBars[], isForAll: boolean): Promise<Anchors | undefined> {
    const requests = entries.map((entry) => [entry, entry.live.anchorRequested()] as const);
    try {
      const anchors = await this.client.anchors(isForAll ? undefined : entries.map(({ symbol }) => symbol));
      this.#failures = 0;
      for (const [entry, request] of requests)
        this.#hand(entry, request, anchors.known.get(entry.symbol) ?? anchors.empty);
      return anchors;
    } catch (error) {
      for (const [{ live }, request] of requests) live.anchorFailed(request);
      await this.#pause(error);
      return undefined;
    }
  }

  #begin(entry: WatchedBars, anchor: Anchor): void {
    this.#hand(entry, entry.live.anchorRequested(), anchor);
  }

  /** Tells the bars at once: clients may be waiting for their first one. */
  #hand(entry: WatchedBars, request: number, anchor: Anchor): void {
    this.book.publish(entry.live.anchorLoaded(request, anchor, this.book.nowUs()));
    this.book.advanceEntry(entry);
  }

  async #pause(error: unknown): Promise<void> {
    if (this.#failures === 0) this.logger.warn("bars cannot be loaded, trying again", { error });
    const waitMs = RETRY_BACKOFF.baseMs + fullJitterMs(this.#failures, RETRY_BACKOFF);
    this.#failures += 1;
    await delay(waitMs, undefined, { signal: this.signal }).catch(() => undefined);
  }
}

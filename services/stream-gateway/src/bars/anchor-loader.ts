import { setTimeout as delay } from "node:timers/promises";
import { US_PER_SECOND } from "@fx-ohlc/schemas";
import { fullJitterMs, type Logger } from "@fx-ohlc/service-kit";
import type { Counters } from "../counters.js";
import type { BarRegistry } from "./bar-registry.js";
import type { Anchor } from "./live-bars.js";
import type { Anchors, QueryClient } from "./query-client.js";
import type { WatchedBars } from "./watched-bars.js";

/** Symbols one request names: their list stays well below what a URL may hold. */
const SYMBOLS_MAX = 100;
const RETRY_BACKOFF = { baseMs: 100, maxMs: 5000 };
/** Every symbol is checked once in this time, however many there are; a page of few is not waited for so long. */
const ROUND_MS = 45_000;
const PAGE_PAUSE_MAX_MS = 5000;
/** What is committed is told within this time, or declared (tick-ingest waits 15 s): what differs for longer is wrong. */
const TOLD_WITHIN_US = 30 * US_PER_SECOND;

/**
 * Brings an anchor to every symbol that needs one, one request at a time: what needs one meanwhile is in the next request, so
 * that any number of clients costs the database one query after the other. Those that have one are anchored anew beside what
 * is served, round after round, to see that both are the same; where they are not, it is counted, and the symbol starts over.
 */
export class AnchorLoader {
  #isLoading = false;
  #failures = 0;

  constructor(
    private readonly registry: BarRegistry,
    private readonly client: QueryClient,
    private readonly counters: Counters,
    private readonly logger: Logger,
    private readonly signal: AbortSignal,
  ) {}

  /** Starts loading whatever is needed, unless that is going on. */
  wake(): void {
    if (!this.#isLoading) void this.#load();
  }

  /** Checks what is served, page by page, until the signal is aborted. */
  async check(): Promise<void> {
    while (!this.signal.aborted) {
      const round = [...this.registry.entries];
      const pauseMs = Math.min(PAGE_PAUSE_MAX_MS, (ROUND_MS * SYMBOLS_MAX) / Math.max(SYMBOLS_MAX, round.length));
      for (let at = 0; !this.signal.aborted && (at === 0 || at < round.length); at += SYMBOLS_MAX) {
        const dueMs = performance.now() + pauseMs;
        await this.#checkPage(round.slice(at, at + SYMBOLS_MAX));
        const restMs = Math.max(0, dueMs - performance.now());
        await delay(restMs, undefined, { signal: this.signal }).catch(() => undefined);
      }
    }
  }

  async #checkPage(page: readonly WatchedBars[]): Promise<void> {
    for (const entry of page) this.#judge(entry);
    const entries = page.filter((entry) => entry.isCheckable);
    if (entries.length === 0) return;
    for (const entry of entries) entry.beginCheck();
    try {
      const { known, empty } = await this.client.anchors(entries.map(({ symbol }) => symbol));
      for (const entry of entries) entry.checkLoaded(known.get(entry.symbol) ?? empty, this.registry.nowUs());
    } catch {
      // A check that cannot be made says nothing: the bars are as good as they were.
      for (const entry of entries) entry.endCheck();
    }
  }

  #judge(entry: WatchedBars): void {
    this.registry.advanceEntry(entry);
    const intervals = entry.judge(this.registry.nowUs(), this.registry.confirmedUs - TOLD_WITHIN_US);
    if (intervals.length === 0) return;
    this.counters.liveBarMismatches += 1;
    this.logger.error("live bars differ from the database", { symbol: entry.symbol, intervals });
    entry.doubt();
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    while (!this.signal.aborted) {
      const entries = [...this.registry.entries].filter(({ live }) => live.needsAnchor);
      if (this.registry.wantsEverySymbol) await this.#loadAll(entries);
      else if (entries.length > 0) await this.#request(entries.slice(0, SYMBOLS_MAX), false);
      else break;
    }
    this.#isLoading = false;
  }

  /** Symbols without a single bar are in no answer to a request for all: those that wait get the empty anchor. */
  async #loadAll(entries: readonly WatchedBars[]): Promise<void> {
    const isStillFollowed = this.registry.everySymbolAsked();
    const anchors = await this.#request(entries, true);
    if (anchors === undefined) this.registry.everySymbolFailed();
    if (anchors === undefined || !isStillFollowed()) return;
    for (const [symbol, anchor] of anchors.known) {
      // One that is here already was heard of after the request was sent, and needs an anchor of its own.
      if (!this.registry.has(symbol)) this.#begin(this.registry.entry(symbol), anchor);
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
    this.registry.publish(entry.live.anchorLoaded(request, anchor, this.registry.nowUs()));
    this.registry.advanceEntry(entry);
  }

  async #pause(error: unknown): Promise<void> {
    if (this.#failures === 0) this.logger.warn("bars cannot be loaded, trying again", { error });
    const waitMs = RETRY_BACKOFF.baseMs + fullJitterMs(this.#failures, RETRY_BACKOFF);
    this.#failures += 1;
    await delay(waitMs, undefined, { signal: this.signal }).catch(() => undefined);
  }
}

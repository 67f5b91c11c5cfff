import { setTimeout as delay } from "node:timers/promises";
import { US_PER_SECOND } from "@fx-ohlc/schemas";
import { fullJitterMs, type Logger, type Semaphore } from "@fx-ohlc/service-kit";
import type { Counters } from "../counters.js";
import type { BarRegistry } from "./bar-registry.js";
import type { Anchor } from "./live-bars.js";
import type { Anchors, QueryClient } from "./query-client.js";
import type { WatchedBars } from "./watched-bars.js";

/** Symbols one request names: their list stays well below what a URL may hold. */
const SYMBOLS_MAX = 100;
/** The same of bars that are not stored, which are read one after the other, some of them from a year of hours. */
const LEVEL_SYMBOLS_MAX = 20;
/** Names one request lists: some 20 kB. */
const NAMES_MAX = 1000;
/** After so many failures a symbol is asked for alone: it may be the one that a page fails by. */
const FAILURES_COUNTED = 7;
const RETRY_BACKOFF = { baseMs: 100, maxMs: 5000 };
/** Every symbol is checked once in this time, however many there are; a page of few is not waited for so long. */
const ROUND_MS = 45_000;
const PAGE_PAUSE_MAX_MS = 5000;
/** The same of bars that are not stored: there may be many such levels, and each page of them costs more. */
const LEVEL_PAUSE_MAX_MS = ROUND_MS;
/** What is committed is told within this time, or declared (tick-ingest waits 15 s): what differs for longer is wrong. */
const TOLD_WITHIN_US = 30 * US_PER_SECOND;

/**
 * Brings an anchor to every symbol that needs one, one page of them at a time: what needs one meanwhile is in a later page, so
 * that any number of clients costs the database one query after the other. Symbols that somebody named come before those that
 * only a wildcard means, and before both what has failed less often; a page that failed comes back in parts. Those that have one are anchored anew beside what
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
    private readonly turns: Semaphore,
  ) {}

  /** Starts loading whatever is needed, unless that is going on. */
  wake(): void {
    if (!this.#isLoading) void this.#load();
  }

  /** Checks what is served, page by page, until the signal is aborted. */
  async check(): Promise<void> {
    while (!this.signal.aborted) {
      const round = [...this.registry.entries];
      const pageMax = this.#pageMax;
      const pauseMs = Math.min(this.#pauseMaxMs, (ROUND_MS * pageMax) / Math.max(pageMax, round.length));
      for (let at = 0; !this.signal.aborted && (at === 0 || at < round.length); at += pageMax) {
        const dueMs = performance.now() + pauseMs;
        await this.#checkPage(round.slice(at, at + pageMax));
        const restMs = Math.max(0, dueMs - performance.now());
        await delay(restMs, undefined, { signal: this.signal }).catch(() => undefined);
      }
    }
  }

  get #pageMax(): number {
    return this.registry.set.asked === undefined ? SYMBOLS_MAX : LEVEL_SYMBOLS_MAX;
  }

  get #pauseMaxMs(): number {
    return this.registry.set.asked === undefined ? PAGE_PAUSE_MAX_MS : LEVEL_PAUSE_MAX_MS;
  }

  async #checkPage(page: readonly WatchedBars[]): Promise<void> {
    for (const entry of page) this.#judge(entry);
    const entries = page.filter((entry) => entry.isCheckable);
    if (entries.length === 0) return;
    for (const entry of entries) entry.beginCheck();
    try {
      const { known, empty } = await this.#anchors(entries);
      for (const entry of entries) entry.checkLoaded(known.get(entry.symbol) ?? empty, this.registry.nowUs());
    } catch {
      // A check that cannot be made says nothing: the bars are as good as they were.
      for (const entry of entries) entry.endCheck();
    }
  }

  #anchors(entries: readonly WatchedBars[]): Promise<Anchors> {
    const symbols = entries.map(({ symbol }) => symbol);
    const { family, set } = this.registry;
    return this.turns.run(() => this.client.anchors(family, set.asked, symbols));
  }

  #judge(entry: WatchedBars): void {
    this.registry.advanceEntry(entry);
    const intervals = entry.judge(this.registry.nowUs(), this.registry.confirmedUs - TOLD_WITHIN_US);
    if (intervals.length === 0) return;
    this.counters.liveBarMismatches += 1;
    const { family, set } = this.registry;
    this.logger.error("live bars differ from the database", {
      symbol: entry.symbol,
      family,
      level: set.name,
      intervals,
    });
    entry.doubt();
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    while (!this.signal.aborted) {
      const page = this.#nextPage();
      if (page.length > 0) await this.#request(page);
      else if (this.registry.wantsEverySymbol) await this.#listEverySymbol();
      else break;
    }
    this.#isLoading = false;
  }

  /** Of the symbols that need an anchor those that are next, the same number of failures behind each of them. */
  #nextPage(): WatchedBars[] {
    let page: WatchedBars[] = [];
    let lowest = Number.POSITIVE_INFINITY;
    const pageMax = this.#pageMax;
    for (const entry of this.registry.entries) {
      if (!entry.live.needsAnchor) continue;
      const rank = 2 * Math.min(FAILURES_COUNTED, entry.failures) + (entry.watchers > 0 ? 0 : 1);
      if (rank < lowest) page = [];
      lowest = Math.min(lowest, rank);
      if (rank === lowest && page.length < Math.max(1, pageMax >> (rank >> 1))) page.push(entry);
    }
    return page;
  }

  /** Names all symbols, so that each is one that needs an anchor. Those heard of meanwhile are added when they are heard of. */
  async #listEverySymbol(): Promise<void> {
    const isStillFollowed = this.registry.everySymbolAsked();
    try {
      let names: readonly string[] = [];
      do {
        names = await this.client.symbols(names.at(-1), NAMES_MAX);
        if (!isStillFollowed()) return;
        for (const symbol of names) this.registry.entry(symbol);
      } while (names.length === NAMES_MAX);
      this.#failures = 0;
    } catch (error) {
      this.registry.everySymbolFailed();
      await this.#pause(error);
    }
  }

  async #request(entries: readonly WatchedBars[]): Promise<void> {
    const requests = entries.map((entry) => [entry, entry.live.anchorRequested()] as const);
    try {
      const { known, empty } = await this.#anchors(entries);
      this.#failures = 0;
      for (const [entry, request] of requests) this.#hand(entry, request, known.get(entry.symbol) ?? empty);
    } catch (error) {
      for (const [entry, request] of requests) {
        entry.live.anchorFailed(request);
        entry.failures += 1;
      }
      await this.#pause(error);
    }
  }

  /** Tells the bars at once: clients may be waiting for their first one. */
  #hand(entry: WatchedBars, request: number, anchor: Anchor): void {
    entry.failures = 0;
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

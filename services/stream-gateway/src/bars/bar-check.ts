import { setTimeout as delay } from "node:timers/promises";
import { nowUs, STORED_INTERVALS, type StoredInterval } from "@fx-ohlc/schemas";
import type { Logger } from "@fx-ohlc/service-kit";
import type { Counters } from "../counters.js";
import type { BarBook } from "./bar-book.js";
import { type ShownBar, sameBar } from "./bar-event.js";
import type { LiveBars } from "./live-bars.js";
import type { QueryClient } from "./query-client.js";
import type { WatchedBars } from "./watched-bars.js";

/** One symbol is checked at a time, one after the other. */
const CHECK_INTERVAL_MS = 5000;
/** A commit may become visible this long before its message comes. */
const SETTLE_MS = 1000;
/** A late tick is in the live hour and day at once, and in the database's within two seconds: what differs is looked at again. */
const LOOK_AGAIN_MS = 3000;

export interface BarCheckOptions {
  readonly book: BarBook;
  readonly client: QueryClient;
  readonly counters: Counters;
  readonly logger: Logger;
}

/**
 * Checks what is served against the database, symbol by symbol: a second folding starts from a fresh anchor beside the first, and
 * a moment later both must have the same bars. The newest final bars are compared with what the database has. A difference that
 * is still there at a second look is counted, and the bars start over from an anchor.
 */
export class BarCheck {
  readonly #options: BarCheckOptions;
  #lastSymbol = "";

  constructor(options: BarCheckOptions) {
    this.#options = options;
  }

  /** Goes on until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(CHECK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      const entry = this.#next();
      // A check that cannot be made says nothing: the bars are as good as they were.
      if (entry !== undefined) await this.check(entry, signal).catch(() => undefined);
    }
  }

  /** Checks one symbol; a difference is counted and mended. */
  async check(entry: WatchedBars, signal: AbortSignal): Promise<void> {
    if ((await this.#differences(entry, signal)).length === 0) return;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
    const differing = await this.#differences(entry, signal);
    if (differing.length === 0) return;
    this.#options.counters.liveBarMismatches += 1;
    this.#options.logger.error("live bars differ from the database", { symbol: entry.symbol, intervals: differing });
    entry.doubt();
  }

  /** Round and round, in the order of their names. */
  #next(): WatchedBars | undefined {
    const live = [...this.#options.book.entries].filter((entry) => entry.live.isLive);
    live.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
    const next = live.find(({ symbol }) => symbol > this.#lastSymbol) ?? live[0];
    this.#lastSymbol = next?.symbol ?? "";
    return next;
  }

  async #differences(entry: WatchedBars, signal: AbortSignal): Promise<StoredInterval[]> {
    const open = await this.#openDifferences(entry, signal);
    const closed = await Promise.all(STORED_INTERVALS.map((interval) => this.#isClosedDifferent(entry, interval)));
    return STORED_INTERVALS.filter((interval, index) => open.includes(interval) || closed[index]);
  }

  async #openDifferences(entry: WatchedBars, signal: AbortSignal): Promise<StoredInterval[]> {
    const { book, client } = this.#options;
    const shadow = entry.newShadow();
    const request = shadow.anchorRequested();
    const anchors = await client.anchors([entry.symbol]);
    const loadedUs = nowUs();
    shadow.anchorLoaded(request, anchors.known.get(entry.symbol) ?? anchors.empty, loadedUs);
    await delay(SETTLE_MS, undefined, { signal });
    book.advanceEntry(entry);
    // While messages are missing, from Redis or from the stream, a difference is no surprise.
    const isUpToDate = book.confirmedUs > loadedUs && entry.live.isLive && !entry.live.hasDirty;
    const isProof = isUpToDate && entry.shadow === shadow;
    entry.shadow = undefined;
    return isProof ? STORED_INTERVALS.filter((interval) => !areAlike(entry.live, shadow, interval)) : [];
  }

  async #isClosedDifferent({ symbol, live }: WatchedBars, interval: StoredInterval): Promise<boolean> {
    const told = live.newestClosed(interval);
    if (told === undefined) return false;
    const range = { interval, fromUs: told.bucketUs, toUs: told.bucketUs + 1_000_000 };
    const [stored] = await this.#options.client.bars(symbol, range, 1);
    return live.newestClosed(interval) === told && !sameBar(told, stored);
  }
}

function areAlike(live: LiveBars, shadow: LiveBars, interval: StoredInterval): boolean {
  const now = nowUs();
  const barOf = (bars: LiveBars): ShownBar["bar"] | undefined => bars.newest(interval, now)?.bar;
  return sameBar(barOf(live), barOf(shadow));
}

import { setTimeout as delay } from "node:timers/promises";
import { type Bar, type Micros, STORED_INTERVALS, type StoredInterval } from "@fx-ohlc/schemas";
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

/** Where what is served and what is stored are not the same. */
interface Difference {
  readonly interval: StoredInterval;
  /** The final bar that differs; undefined when it is an open one. */
  readonly told: Bar | undefined;
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
    const first = await this.#differences(entry, signal);
    if (first.length === 0) return;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
    const second = await this.#differences(entry, signal);
    // Another final bar than at the first look is another correction on its way, not the same difference still there.
    const lasting = second.filter(({ interval, told }) =>
      first.some((difference) => difference.interval === interval && difference.told === told),
    );
    if (lasting.length === 0) return;
    this.#options.counters.liveBarMismatches += 1;
    const intervals = lasting.map(({ interval }) => interval);
    this.#options.logger.error("live bars differ from the database", { symbol: entry.symbol, intervals });
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

  async #differences(entry: WatchedBars, signal: AbortSignal): Promise<readonly Difference[]> {
    const { book, client } = this.#options;
    const { live, symbol } = entry;
    const shadow = entry.newShadow();
    const request = shadow.anchorRequested();
    const told = STORED_INTERVALS.map((interval) => ({ interval, told: live.newestClosed(interval) }));
    const [anchors, stored] = await Promise.all([
      client.anchors([symbol]),
      Promise.all(told.map((closed) => this.#stored(symbol, closed))),
    ]);
    const readUs = book.nowUs();
    shadow.anchorLoaded(request, anchors.known.get(symbol) ?? anchors.empty, readUs);
    await delay(SETTLE_MS, undefined, { signal });
    book.advanceEntry(entry);
    const isSameShadow = entry.shadow === shadow;
    entry.shadow = undefined;
    // While messages are missing or closed bars are being read again, a difference is no surprise.
    if (book.confirmedUs <= readUs || !live.isLive || live.hasDirty || entry.isReading) return [];
    const open = isSameShadow
      ? STORED_INTERVALS.filter((interval) => !areAlike(live, shadow, interval, book.nowUs()))
      : [];
    const closed = told.filter(
      ({ interval, told: bar }, index) =>
        bar !== undefined && bar === live.newestClosed(interval) && !sameBar(bar, stored[index]),
    );
    return [...open.map((interval) => ({ interval, told: undefined })), ...closed];
  }

  /** What the database has in a final bar's place. */
  async #stored(symbol: string, { interval, told }: Difference): Promise<Bar | undefined> {
    if (told === undefined) return undefined;
    const range = { interval, fromUs: told.bucketUs, toUs: told.bucketUs + 1_000_000 };
    return (await this.#options.client.bars(symbol, range, 1))[0];
  }
}

function areAlike(live: LiveBars, shadow: LiveBars, interval: StoredInterval, nowUs: Micros): boolean {
  const barOf = (bars: LiveBars): ShownBar["bar"] | undefined => bars.newest(interval, nowUs)?.bar;
  return sameBar(barOf(live), barOf(shadow));
}

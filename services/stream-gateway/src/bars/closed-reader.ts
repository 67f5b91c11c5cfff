import { type Micros, STORED_LENGTH_US } from "@fx-ohlc/schemas";
import { fullJitterMs, type Logger } from "@fx-ohlc/service-kit";
import type { Switchboard } from "../fanout/switchboard.js";
import { GapItem } from "../messages/gap-item.js";
import type { StreamItem } from "../messages/stream-item.js";
import type { BarBook } from "./bar-book.js";
import type { ClosedRange } from "./bar-level.js";
import type { QueryClient } from "./query-client.js";
import type { WatchedBars } from "./watched-bars.js";

/** Bars one change can bring: clients that hold more of a range than this read it themselves. */
const BARS_MAX = 1000;
/** Symbols read at the same time: a share of the database's connections that leaves most to people. */
const READERS_MAX = 4;
const RETRY_BACKOFF = { baseMs: 100, maxMs: 5000 };

/** The newest part of a range, as much as is read at once. */
export function readableFrom({ interval, fromUs, toUs }: ClosedRange): Micros {
  return Math.max(fromUs, toUs - BARS_MAX * STORED_LENGTH_US[interval]);
}

/** Reads closed bars that changed, or that nobody could fold, and tells clients what they are now. */
export class ClosedReader {
  #readers = 0;
  #failures = 0;
  #pausedUntilMs = 0;

  constructor(
    private readonly book: BarBook,
    private readonly client: QueryClient,
    private readonly switchboard: Switchboard<StreamItem>,
    private readonly logger: Logger,
  ) {}

  /** Starts reading whatever has to be read. To be called regularly: what failed is tried again by a later call. */
  wake(): void {
    if (performance.now() < this.#pausedUntilMs) return;
    for (const entry of this.book.entries) {
      if (this.#readers >= READERS_MAX) return;
      if (entry.live.hasDirty && !entry.isReading) void this.#read(entry);
    }
  }

  /** One symbol's ranges are read one after the other, so that a later state never comes before an earlier one. */
  async #read(entry: WatchedBars): Promise<void> {
    this.#readers += 1;
    entry.isReading = true;
    const ranges = [...entry.live.takeDirty()];
    try {
      for (let range = ranges[0]; range !== undefined; range = ranges[0]) {
        await this.#readRange(entry, range);
        ranges.shift();
      }
      this.#failures = 0;
    } catch (error) {
      for (const range of ranges) entry.live.readFailed(range);
      this.#pause(error);
    } finally {
      entry.isReading = false;
      this.#readers -= 1;
    }
  }

  async #readRange({ symbol, live }: WatchedBars, range: ClosedRange): Promise<void> {
    const fromUs = readableFrom(range);
    const bars = await this.client.bars(symbol, { ...range, fromUs }, BARS_MAX);
    this.book.publish(live.closedRead(range, bars, fromUs));
    if (fromUs === range.fromUs) return;
    const channel = { kind: "ohlc", symbol, interval: range.interval } as const;
    this.switchboard.publish(new GapItem(channel, { fromUs: range.fromUs, toUs: fromUs, reason: "trimmed" }));
  }

  #pause(error: unknown): void {
    if (this.#failures === 0) this.logger.warn("closed bars cannot be read, trying again", { error });
    this.#pausedUntilMs = performance.now() + RETRY_BACKOFF.baseMs + fullJitterMs(this.#failures, RETRY_BACKOFF);
    this.#failures += 1;
  }
}

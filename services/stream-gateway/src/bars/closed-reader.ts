import { FAMILY_SIDES, type FamilyName, usualLengthUs } from "@fx-ohlc/schemas";
import { fullJitterMs, type Logger, type Semaphore } from "@fx-ohlc/service-kit";
import { GapItem } from "../fanout/gap-item.js";
import type { Hub } from "../fanout/hub.js";
import type { StreamItem } from "../fanout/stream-item.js";
import type { BarRegistry } from "./bar-registry.js";
import type { ClosedRange } from "./live-level.js";
import type { QueryClient } from "./query-client.js";
import type { WatchedBars } from "./watched-bars.js";

/** Buckets of a range that are told one by one. Clients read a wider one themselves. */
const REVISED_MAX = 100;
/** The same where nothing is known to have changed, so that mostly nothing is told of what is read. */
const READ_MAX = 1000;
/** Symbols read at the same time: a share of the database's connections that leaves most to people. */
const READERS_MAX: Readonly<Record<FamilyName, number>> = { ohlc: 4, quote: 2 };
const RETRY_BACKOFF = { baseMs: 100, maxMs: 5000 };

/** Whether a range is told as one gap, and not bar by bar. A day of 25 hours is one bucket; bars of ticks are never told one by one. */
export function isTooWide({ interval, fromUs, toUs, isRevised }: ClosedRange): boolean {
  const buckets = Math.round((toUs - fromUs) / (usualLengthUs(interval) ?? 0));
  return buckets > (isRevised ? REVISED_MAX : READ_MAX);
}

/** Reads closed bars that changed, or that nobody could fold, and tells clients what they are now. */
export class ClosedReader {
  #readers = 0;
  #failures = 0;
  #pausedUntilMs = 0;

  constructor(
    private readonly registry: BarRegistry,
    private readonly client: QueryClient,
    private readonly hub: Hub<StreamItem>,
    private readonly logger: Logger,
    private readonly turns: Semaphore,
  ) {}

  /** Starts reading whatever has to be read. To be called regularly: what failed is tried again by a later call. */
  wake(): void {
    if (performance.now() < this.#pausedUntilMs) return;
    for (const entry of this.registry.entries) {
      if (this.#readers >= READERS_MAX[this.registry.family]) return;
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
    const { family, set } = this.registry;
    const boundary = set.asked?.boundary;
    if (isTooWide(range)) {
      live.closedLeft(range);
      const { interval } = range;
      for (const side of FAMILY_SIDES[family]) {
        const channel = { kind: "ohlc", symbol, interval, side, boundary } as const;
        this.hub.publish(new GapItem(channel, { ...range, reason: "revised" }));
      }
    } else {
      const wanted = { family, symbol, range, boundary };
      const bars = await this.turns.run(() => this.client.bars(wanted, READ_MAX));
      this.registry.publish(live.closedRead(range, bars));
    }
  }

  #pause(error: unknown): void {
    if (this.#failures === 0) this.logger.warn("closed bars cannot be read, trying again", { error });
    this.#pausedUntilMs = performance.now() + RETRY_BACKOFF.baseMs + fullJitterMs(this.#failures, RETRY_BACKOFF);
    this.#failures += 1;
  }
}

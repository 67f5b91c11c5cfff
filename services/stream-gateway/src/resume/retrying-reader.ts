import { setTimeout as delay } from "node:timers/promises";
import { fullJitterMs, type Semaphore } from "@fx-ohlc/service-kit";
import type { FeedMessage } from "../feed/feed-message.js";
import type { History } from "../feed/sequencer.js";
import type { StreamReader } from "../feed/stream-reader.js";

/** A Redis that is away comes back within seconds, or a client had better read what it missed over HTTP. */
const PATIENCE_MS = 10_000;
const RETRY_BACKOFF = { baseMs: 50, maxMs: 1000 };

/** Reads streams for clients: a few at a time, and again while Redis does not answer. */
export class RetryingReader {
  constructor(
    private readonly reader: StreamReader,
    private readonly semaphore: Semaphore,
  ) {}

  /**
   * A page of a symbol's stream, see {@link StreamReader.read}; undefined when Redis stays away, or nobody wants it any more.
   *
   * @param isWanted asked before each try
   */
  async read(
    symbol: string,
    sequence: number,
    isWanted: () => boolean,
    count?: number,
  ): Promise<History<FeedMessage> | undefined> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (let attempt = 0; isWanted() && performance.now() < deadlineMs; attempt += 1) {
      const history = await this.semaphore.run(() => this.reader.read(symbol, sequence, count)).catch(() => undefined);
      if (history !== undefined) return history;
      await delay(RETRY_BACKOFF.baseMs + fullJitterMs(attempt, RETRY_BACKOFF));
    }
    return undefined;
  }
}

import { setTimeout as delay } from "node:timers/promises";
import type { Offset } from "@fx-ohlc/schemas";
import { fullJitterMs, type Semaphore } from "@fx-ohlc/service-kit";
import type { FeedMessage } from "../feed/feed-message.js";
import type { History } from "../feed/sequencer.js";
import type { StreamReader } from "../feed/stream-reader.js";

/** A Redis that is away comes back within seconds, or a client had better read what it missed over HTTP. */
const PATIENCE_MS = 10_000;
const RETRY_BACKOFF = { baseMs: 50, maxMs: 1000 };
/** Messages that are counted in one step: as long as that takes they are in memory. */
const COUNTED_AT_ONCE = 40;

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
    return this.#retried(() => this.reader.read(symbol, sequence, count), isWanted);
  }

  /** How many messages clients are sent of those after a place, see {@link StreamReader.countTold}; undefined as above. */
  async countTold(symbol: string, after: Offset, upTo: number, isWanted: () => boolean): Promise<number | undefined> {
    let told = 0;
    for (let from = after.sequence + 1; from <= upTo; from += COUNTED_AT_ONCE) {
      const to = Math.min(upTo, from + COUNTED_AT_ONCE - 1);
      const count = await this.#retried(() => this.reader.countTold(symbol, from, to), isWanted);
      if (count === undefined) return undefined;
      told += count;
    }
    return told;
  }

  async #retried<T>(read: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (let attempt = 0; isWanted() && performance.now() < deadlineMs; attempt += 1) {
      const answer = await this.semaphore.run(read).catch(() => undefined);
      if (answer !== undefined) return answer;
      await delay(RETRY_BACKOFF.baseMs + fullJitterMs(attempt, RETRY_BACKOFF));
    }
    return undefined;
  }
}

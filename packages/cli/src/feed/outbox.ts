import { type FxClient, type PriceInput, ProblemError, type QuoteInput, sleep, type TickInput } from "@fx-ohlc/client";
import { counted } from "../terminal.js";
import type { FeedCounts } from "./counts.js";
import { Runs } from "./runs.js";

/** A tick as it is sent. */
export interface OutgoingTick {
  readonly symbol: string;
  /** RFC 3339. */
  readonly time: string;
  readonly prices: readonly string[];
}

/** Ticks that arrive within it share a request: unseen by who watches, and at most 50 requests a second, ms. */
const FLUSH_INTERVAL_MS = 20;
/** What has piled up leaves in requests of this size; the service takes any. */
const REQUEST_TICKS_MAX = 10_000;
/** A service that fails by itself (500, 504) is asked again after so long, ms. */
const FAILURE_WAIT_MS = 5_000;
/** Refused ticks are said at most once in so long, ms. */
const REFUSED_SAID_EVERY_MS = 60_000;

function costOf([first, second]: readonly string[]): PriceInput | QuoteInput {
  return second === undefined ? { price: Number(first) } : { bid: Number(first), ask: Number(second) };
}

function lineOf({ symbol, time, prices }: OutgoingTick): string {
  const tick: TickInput = { symbol, time, ...costOf(prices) };
  return `${JSON.stringify(tick)}\n`;
}

/**
 * Ticks on their way to the service, in a buffer that has an end. While the service is away the same request is repeated, and what
 * arrives meanwhile waits; when the buffer is full the oldest of it are dropped, for a chart of now is worth more than one of before,
 * and counted. A tick that the service refuses is left out alone, and said.
 */
export class Outbox {
  #waiting: OutgoingTick[] = [];
  #underWay = 0;
  #isClosed = false;
  #isFullSaid = false;
  #refusedSaidMs = Number.NEGATIVE_INFINITY;
  #wake: () => void = () => undefined;
  readonly #runs = new Runs();

  /** @param ticksMax how many may wait */
  constructor(
    private readonly client: Pick<FxClient, "postLines">,
    private readonly ticksMax: number,
    private readonly counts: FeedCounts,
    private readonly say: (line: string) => void,
  ) {}

  /** Ticks that are not known to be stored. */
  get size(): number {
    return this.#waiting.length + this.#underWay;
  }

  push(tick: OutgoingTick): void {
    this.#waiting.push(tick);
    if (this.#waiting.length > this.ticksMax) this.#drop();
    this.#wake();
  }

  /** Nothing follows: {@link run} ends when all is sent. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /**
   * Sends what arrives until the outbox is closed and empty.
   *
   * @throws ProblemError when the service will not have any of it
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!(this.#isClosed && this.#waiting.length === 0)) {
      if (this.#waiting.length === 0) await this.#arrival(signal);
      if (!this.#isClosed && this.#waiting.length < REQUEST_TICKS_MAX) await sleep(FLUSH_INTERVAL_MS, signal);
      const ticks = this.#waiting.splice(0, REQUEST_TICKS_MAX);
      if (ticks.length > 0) await this.#send(ticks, signal);
    }
  }

  /** The oldest hundredth at once: moving all others up for each single tick would cost more than the tick. */
  #drop(): void {
    this.counts.dropped += this.#waiting.splice(0, Math.ceil(this.ticksMax / 100)).length;
    if (!this.#isFullSaid)
      this.say(`${counted(this.ticksMax, "tick")} are waiting: the oldest are dropped from here on`);
    this.#isFullSaid = true;
  }

  #arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#wake = () => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
    });
  }

  async #send(ticks: readonly OutgoingTick[], signal: AbortSignal): Promise<void> {
    this.#underWay = ticks.length;
    const sent = this.#runs.completed(ticks);
    const answer = await this.#post(sent.map(lineOf).join(""), signal);
    // What was sent again is refused again.
    const rejected = Math.min(answer.rejected ?? 0, ticks.length);
    this.counts.sent += ticks.length - rejected;
    this.counts.refused += rejected;
    this.#underWay = 0;
    if (rejected > 0) this.#sayRefused(rejected, answer.errors?.[0]);
    if (!this.#isFullSaid) return;
    this.say(`ticks are sent again; ${counted(this.counts.dropped, "tick")} were dropped until now`);
    this.#isFullSaid = false;
  }

  async #post(lines: string, signal: AbortSignal) {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.client.postLines(lines, { onError: "skip", signal });
      } catch (error) {
        if (!(error instanceof ProblemError) || error.status < 500) throw error;
        if (failures === 0) this.say(`${error.message}; trying until it is taken`);
        await sleep(FAILURE_WAIT_MS, signal);
      }
    }
  }

  #sayRefused(count: number, first: { readonly field: string; readonly message: string } | undefined): void {
    const nowMs = performance.now();
    if (nowMs - this.#refusedSaidMs < REFUSED_SAID_EVERY_MS) return;
    this.#refusedSaidMs = nowMs;
    const why = first === undefined ? "" : `: ${first.field} ${first.message}`;
    this.say(`${counted(count, "tick")} refused${why}`);
  }
}

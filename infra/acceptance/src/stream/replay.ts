import { formatTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import type { Quote } from "../sample-week.js";
import type { Draft } from "./draft.js";

export interface ReplayOptions {
  readonly symbols: readonly string[];
  /** Quotes to replay, in order; begun again at their end. */
  readonly quotes: readonly Quote[];
  /** How much faster than they happened. */
  readonly speed: number;
  /** Services to send to, each request to the next one. */
  readonly ingests: readonly string[];
  /** This producer's number among how many: their ticks never share a stamp. */
  readonly producer: number;
  readonly producers: number;
  /** Told of each stamp before it is sent. */
  onSend(symbol: string, time: string): void;
}

/** Every third one is sent as the price of its bid alone. */
const PRICE_EVERY = 3;
/** How often what is due is sent, ms. */
const STEP_MS = 25;
/** After an outage more is due than one request should carry. */
const TICKS_PER_REQUEST_MAX = 1_000;
/** An answer from a killed process never comes, ms. */
const ANSWER_TIMEOUT_MS = 4_000;
/** Longer than any fault of the run, ms. */
const OUTAGE_MAX_MS = 60_000;

/**
 * Sends quotes in their own rhythm, only faster and with their times moved to now; quotes of one stamp keep sharing one. Each
 * request is repeated, at the next service, until it is acknowledged, as a producer does that must not lose any.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #firstMs: number;
  #next = 0;
  #requests = 0;
  #lastUs = 0;
  #acknowledged = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#firstMs = Date.parse(options.quotes[0]?.time ?? "");
  }

  /** Ticks that were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  async run(signal: AbortSignal): Promise<void> {
    let originMs = performance.now();
    while (!signal.aborted) {
      const untilMs = this.#firstMs + (performance.now() - originMs) * this.#options.speed;
      const due = this.#takeUntil(untilMs);
      if (due.length > 0) await this.#send(due);
      if (this.#next >= this.#options.quotes.length) {
        this.#next = 0;
        originMs = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  }

  #takeUntil(untilMs: number): Quote[] {
    const { quotes } = this.#options;
    const from = this.#next;
    const isDue = ({ time }: Quote) => Date.parse(time) <= untilMs;
    for (let quote = quotes[from]; quote !== undefined && isDue(quote); quote = quotes[this.#next]) {
      const isFull = this.#next - from >= TICKS_PER_REQUEST_MAX && quote.time !== quotes[this.#next - 1]?.time;
      if (isFull) break;
      this.#next += 1;
    }
    return quotes.slice(from, this.#next);
  }

  async #send(quotes: readonly Quote[]): Promise<void> {
    const { symbols, onSend } = this.#options;
    const symbol = symbols[this.#requests % symbols.length] ?? "";
    const drafts = this.#movedToNow(symbol, quotes);
    for (const { time } of drafts) onSend(symbol, time);
    await eventually(() => this.#post(drafts), { timeoutMs: OUTAGE_MAX_MS, what: "ticks to be acknowledged" });
    this.#acknowledged += drafts.length;
  }

  #movedToNow(symbol: string, quotes: readonly Quote[]): Draft[] {
    return quotes.map(({ time, bid, ask }, index) => {
      if (time !== quotes[index - 1]?.time) this.#lastUs = this.#freeUs();
      const cost = (this.#acknowledged + index) % PRICE_EVERY === 0 ? { price: bid } : { bid, ask };
      return { symbol, time: formatTime(this.#lastUs), ...cost };
    });
  }

  /** The next instant that belongs to this producer and is not before now. */
  #freeUs(): number {
    const { producer, producers } = this.#options;
    const earliest = Math.max(this.#lastUs + 1, Date.now() * 1000);
    return Math.ceil((earliest - producer) / producers) * producers + producer;
  }

  async #post(drafts: readonly Draft[]): Promise<boolean> {
    const { ingests } = this.#options;
    this.#requests += 1;
    const url = ingests[this.#requests % ingests.length] ?? "";
    const [only] = drafts;
    const answer = await fetch(drafts.length === 1 ? `${url}/ticks` : `${url}/ticks/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(drafts.length === 1 ? only : drafts),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = await answer.text();
    if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${text}`);
    return true;
  }
}

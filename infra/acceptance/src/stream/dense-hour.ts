import { setTimeout as delay } from "node:timers/promises";
import { formatTime } from "@fx-ohlc/schemas";
import type { Quote } from "../sample-week.js";
import type { Cost, Draft } from "./draft.js";

export interface DenseHourOptions {
  readonly symbol: string;
  readonly quotes: readonly Quote[];
  /** How much faster than they happened. */
  readonly speed: number;
  /** Of tick-ingest. */
  readonly url: string;
  readonly random: () => number;
  /** The time by the database's clock, ms since 1970. */
  readonly nowMs: () => number;
}

/** How often what is due is sent, ms. */
const STEP_MS = 100;
/** The share of late ticks, and by how much they are late: nearly all of them meet a bar that is final. */
const LATE_SHARE = 0.02;
const LATE_MAX_US = 100_000_000;
/** How often a tick of a while ago is put or deleted, by time: a busy machine makes few steps. */
const CORRECTIONS_PER_SECOND = 0.3;
/** The share of prices of the bid alone among the quotes. */
const PRICE_SHARE = 0.3;

/** Another price, or a quote whose sides have more digits than a venue's. */
function corrected(cost: Cost): Cost {
  return "price" in cost ? { price: cost.price * 1.001 } : { bid: cost.bid * 1.001, ask: cost.ask * 1.0011 };
}

/** Sends quotes of the sample with their times squeezed and moved to now, some of them late, and corrects some. */
export class DenseHour {
  readonly #options: DenseHourOptions;
  readonly #posted: Draft[] = [];
  readonly #firstMs: number;
  #next = 0;
  #lastUs = 0;
  #late = 0;
  #corrections = 0;

  constructor(options: DenseHourOptions) {
    this.#options = options;
    this.#firstMs = Date.parse(options.quotes[0]?.time ?? "");
  }

  get sent(): number {
    return this.#posted.length;
  }

  get late(): number {
    return this.#late;
  }

  get corrections(): number {
    return this.#corrections;
  }

  async run(signal: AbortSignal): Promise<void> {
    const originMs = performance.now();
    let correctedMs = originMs;
    while (!signal.aborted) {
      const drafts = this.#takeUntil(this.#firstMs + (performance.now() - originMs) * this.#options.speed);
      if (drafts.length > 0) await this.#call("POST", "/ticks/bulk", drafts);
      this.#posted.push(...drafts);
      const sinceMs = performance.now() - correctedMs;
      correctedMs += sinceMs;
      if (this.#options.random() < (CORRECTIONS_PER_SECOND * sinceMs) / 1_000) await this.#correctOne();
      await delay(STEP_MS);
    }
  }

  #takeUntil(untilMs: number): Draft[] {
    const { quotes, symbol } = this.#options;
    const from = this.#next;
    while (Date.parse(quotes[this.#next]?.time ?? "9999") <= untilMs) this.#next += 1;
    return quotes.slice(from, this.#next).map(({ bid, ask }) => {
      const cost = this.#options.random() < PRICE_SHARE ? { price: bid } : { bid, ask };
      return { symbol, time: formatTime(this.#instantUs()), ...cost };
    });
  }

  /** Now, or a while ago; no instant twice. */
  #instantUs(): number {
    const { random, nowMs } = this.#options;
    this.#lastUs = Math.max(this.#lastUs + 1, nowMs() * 1_000);
    if (random() >= LATE_SHARE) return this.#lastUs;
    this.#late += 1;
    // Current instants are whole milliseconds and little more, so that this one is free but for one in some hundred thousand.
    return this.#lastUs - Math.floor(random() * LATE_MAX_US);
  }

  async #correctOne(): Promise<void> {
    const { random, symbol } = this.#options;
    const [draft] = this.#posted.splice(Math.floor(random() * this.#posted.length), 1);
    if (draft === undefined) return;
    this.#corrections += 1;
    const time = encodeURIComponent(draft.time);
    if (random() < 0.5) await this.#call("DELETE", `/ticks/${symbol}/${time}`);
    else await this.#call("PUT", `/ticks?symbol=${symbol}&time=${time}`, corrected(draft));
  }

  async #call(method: string, path: string, body?: object): Promise<void> {
    const answer = await fetch(`${this.#options.url}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  }
}

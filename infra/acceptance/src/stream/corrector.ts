import { setTimeout as delay } from "node:timers/promises";
import { formatTime } from "@fx-ohlc/schemas";

export interface CorrectorOptions {
  readonly symbol: string;
  /** Services to send to, each request to one of them by chance. */
  readonly ingests: readonly string[];
  readonly random: () => number;
}

/** An answer from a killed process never comes, ms. */
const ANSWER_TIMEOUT_MS = 4_000;
/** Between two requests of one of its hands, ms. */
const REST_MS = 100;
/** Stamps that are posted, corrected, deleted and posted again: few, so that requests meet. */
const STAMPS = 12;
/** They lie so far apart, so that a range takes in some of them, us. */
const STAMP_DISTANCE_US = 50;
/** How many requests are under way at a time. */
const HANDS = 3;

/**
 * Posts, corrects and deletes ticks of a few stamps, one request beside the other and at any of the services, so that what one of them
 * commits is told by it before or after what another commits on it. What a request that is not answered did is the database's secret.
 */
export class Corrector {
  readonly #options: CorrectorOptions;
  readonly #baseUs = Date.now() * 1_000;
  /** Requests that were answered, by method. */
  readonly answered = new Map<string, number>();

  constructor(options: CorrectorOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const hand = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.#act().catch(() => undefined); // Refused, or cut off by what is being done to the services.
        await delay(REST_MS);
      }
    };
    await Promise.all(Array.from({ length: HANDS }, hand));
  }

  async #act(): Promise<void> {
    const { symbol, random } = this.#options;
    const stamp = Math.floor(random() * STAMPS);
    const time = this.#time(stamp);
    const chance = random();
    if (chance < 0.5) {
      const of = () => ({ symbol, time, price: 1 + Math.floor(random() * 1_000) / 1_000 });
      await this.#send("POST", "/ticks/bulk", random() < 0.3 ? [of(), of()] : [of()]);
    } else if (chance < 0.75) {
      await this.#send("PUT", `/ticks?symbol=${symbol}&time=${time}&seq=0`, { price: 1 + random() });
    } else if (chance < 0.9) {
      await this.#send("DELETE", `/ticks/${symbol}/${time}`);
    } else {
      const end = this.#time(stamp + Math.ceil(random() * 6));
      await this.#send("DELETE", `/ticks?symbol=${symbol}&start=${time}&end=${end}`);
    }
  }

  #time(stamp: number): string {
    return formatTime(this.#baseUs + stamp * STAMP_DISTANCE_US);
  }

  async #send(method: string, target: string, body?: unknown): Promise<void> {
    const { ingests, random } = this.#options;
    const url = ingests[Math.floor(random() * ingests.length)] ?? "";
    const answer = await fetch(`${url}${target}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await answer.text();
    if (answer.ok) this.answered.set(method, (this.answered.get(method) ?? 0) + 1);
  }
}

import { formatTime, type Micros } from "@fx-ohlc/schemas";
import { requestText } from "./http-connection.js";

/** Prices go up and down between these, so that highs and lows are not all the last tick. */
const PRICE_MIN = 1.1;
const PRICE_STEPS = 997;
const PRICE_STEP = 0.0001;

/** The clock in microseconds, as fine as the system gives it. */
export function clockUs(): Micros {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}

/** Makes up live ticks: each of another time, so that each is a new one, and of the next symbol. */
export class TickSource {
  readonly #symbols: readonly string[];
  #made = 0;
  #lastUs: Micros = 0;

  /** @param token what is shown */
  constructor(
    symbols: readonly string[],
    private readonly token?: string,
  ) {
    this.#symbols = symbols;
  }

  /** A request that posts the next tick, stamped now. */
  next(): string {
    return requestText("POST", "/ticks", this.#tick(), { token: this.token });
  }

  /** A request that posts the next ticks together. */
  nextBulk(count: number): string {
    return requestText("POST", "/ticks/bulk", `[${Array.from({ length: count }, () => this.#tick()).join(",")}]`);
  }

  #tick(): string {
    this.#lastUs = Math.max(clockUs(), this.#lastUs + 1);
    const symbol = this.#symbols[this.#made % this.#symbols.length];
    const price = (PRICE_MIN + ((this.#made * 7) % PRICE_STEPS) * PRICE_STEP).toFixed(4);
    this.#made += 1;
    return `{"symbol":"${symbol}","price":${price},"time":"${formatTime(this.#lastUs)}"}`;
  }
}

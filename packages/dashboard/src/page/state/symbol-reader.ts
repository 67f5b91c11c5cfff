import { type FxClient, type SymbolJson, sleep } from "@fx-ohlc/client";
import { failureOf } from "../bars/read-state.js";

/** What is said of symbols is read again after so long, and with new symbols not more often than this. */
const MAX_AGE_MS = 300_000;
const MIN_AGE_MS = 10_000;
/** Between attempts. */
const RETRY_MS = 2_000;

export interface SymbolListener {
  onSymbols(symbols: readonly SymbolJson[]): void;
  /** The key may not read them. */
  onForbidden(reason: string): void;
}

/** Reads what is said of symbols, and again: of a new one its digits, pip and session are wanted soon, of others they may change. */
export class SymbolReader {
  #areKnown = false;
  #readAtMs = 0;
  /** Of how many there was something to be said. */
  #count = 0;

  constructor(
    private readonly client: FxClient,
    private readonly listener: SymbolListener,
  ) {}

  /** Whether all that there are have been read. */
  get areKnown(): boolean {
    return this.#areKnown;
  }

  /** To be called every second. @param count how many symbols are met so far */
  check(count: number): void {
    const ageMs = Date.now() - this.#readAtMs;
    const isDue = ageMs > MAX_AGE_MS || (count !== this.#count && ageMs > MIN_AGE_MS);
    if (!this.#areKnown || !isDue) return;
    this.#count = count;
    void this.read();
  }

  /** Until that succeeds, or is forbidden. */
  async read(): Promise<void> {
    for (;;) {
      this.#readAtMs = Date.now();
      try {
        const symbols = await this.client.symbols();
        this.#count = Math.max(symbols.length, this.#count);
        this.#areKnown = true;
        this.listener.onSymbols(symbols);
        return;
      } catch (error) {
        const { status, error: reason = "" } = failureOf(error);
        if (status === "forbidden") {
          this.listener.onForbidden(reason);
          return;
        }
        await sleep(RETRY_MS);
      }
    }
  }
}

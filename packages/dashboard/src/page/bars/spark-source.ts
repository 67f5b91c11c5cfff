import type { FxClient } from "@fx-ohlc/client";

/** Six hours of trading: as many points as the line has room for. */
const SPARK = { interval: "5m", count: 72 } as const;
/** Read at a time: the chart's own requests come first. */
const READERS_MAX = 3;
/** A bar's length: the line never lags more. */
const REREAD_INTERVAL_MS = 300_000;

/** Reads the closes behind the spark lines, of the symbols that were in sight, and again as time goes on. */
export class SparkSource {
  readonly #queue: string[] = [];
  readonly #known = new Set<string>();
  #readers = 0;

  constructor(
    private readonly client: FxClient,
    private readonly onCloses: (symbol: string, closes: readonly number[]) => void,
  ) {
    setInterval(() => this.#add(...this.#known), REREAD_INTERVAL_MS);
  }

  want(symbol: string): void {
    if (this.#known.has(symbol)) return;
    this.#known.add(symbol);
    this.#add(symbol);
  }

  #add(...symbols: string[]): void {
    this.#queue.push(...symbols);
    while (this.#readers < READERS_MAX && this.#queue.length > 0) void this.#read();
  }

  async #read(): Promise<void> {
    this.#readers += 1;
    for (let symbol = this.#queue.shift(); symbol !== undefined; symbol = this.#queue.shift()) {
      try {
        const bars = await this.client.lastBars({ symbol, ...SPARK });
        this.onCloses(
          symbol,
          bars.map(({ close }) => close),
        );
      } catch {
        // A decoration: it is tried again with the next round.
      }
    }
    this.#readers -= 1;
  }
}

import type { BarMessage, FxClient } from "@fx-ohlc/client";

/** Often enough to see a market move, and one small request of a page. */
const EVERY_MS = 5_000;
/** As many symbols as one request may name. */
const SYMBOLS_MAX = 100;

export interface PolledListener {
  /** Every symbol there is, those first whose prices somebody sees. */
  symbols(): readonly string[];
  /** The newest minutes, as the stream would have told them. */
  onBars(bars: readonly BarMessage[]): void;
  /** They were read. */
  onRead(): void;
}

/**
 * The newest prices without a stream: for a key that may read and not stream. One request at a time, and none while nobody looks at
 * the page. It names what is in sight, and in turns as many others as it has room for.
 */
export class PolledPrices {
  #timer: ReturnType<typeof setInterval> | undefined;
  #isReading = false;
  /** Where the turns of those that are not in sight have come to. */
  #turn = 0;

  constructor(
    private readonly client: FxClient,
    private readonly listener: PolledListener,
  ) {}

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#read(), EVERY_MS);
    document.addEventListener("visibilitychange", () => void this.#read());
    void this.#read();
  }

  async #read(): Promise<void> {
    if (document.hidden || this.#isReading) return;
    this.#isReading = true;
    try {
      const symbols = this.#next(this.listener.symbols());
      if (symbols.length > 0) {
        const bars = await this.client.latest({ symbols, interval: "1m", include: ["bid", "ask"] });
        this.listener.onBars(
          bars.map((bar) => ({
            type: "bar",
            channel: `ohlc:${bar.symbol}:minute`,
            bar: { ...bar, interval: "minute", final: false, timestamp: "" },
          })),
        );
        this.listener.onRead();
      }
    } catch {
      // The status says how old the prices are; the next round tries again.
    }
    this.#isReading = false;
  }

  #next(symbols: readonly string[]): readonly string[] {
    if (symbols.length <= SYMBOLS_MAX) return symbols;
    // Half of a request is more than a screen shows.
    const seen = symbols.slice(0, SYMBOLS_MAX / 2);
    const others = symbols.slice(seen.length);
    const from = this.#turn % others.length;
    this.#turn = from + SYMBOLS_MAX - seen.length;
    return [...seen, ...others.slice(from, this.#turn)];
  }
}

import type { GapJson } from "@fx-ohlc/client";
import type { MinuteRange } from "./minutes.js";
import type { QualitySource } from "./quality-source.js";

/** Read at a time: what is looked at closely comes first. */
const READERS_MAX = 2;

/** Reads the gaps behind the strips of the list, of the symbols that came near to sight. */
export class StripReader {
  readonly #known = new Set<string>();
  #queue: { readonly symbol: string; readonly range: MinuteRange }[] = [];
  #readers = 0;
  #signal = AbortSignal.abort();

  constructor(
    private readonly source: QualitySource,
    private readonly onGaps: (symbol: string, gaps: readonly GapJson[], range: MinuteRange) => void,
  ) {}

  /** From now on strips are of another range. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    this.#known.clear();
    this.#queue = [];
  }

  want(symbol: string, range: MinuteRange): void {
    if (this.#known.has(symbol)) return;
    this.#known.add(symbol);
    // What is in sight now is read before what has been scrolled past.
    this.#queue.unshift({ symbol, range });
    if (this.#readers < READERS_MAX) void this.#read();
  }

  async #read(): Promise<void> {
    this.#readers += 1;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { symbol, range } = next;
      const signal = this.#signal;
      try {
        const gaps = await this.source.stripGaps(symbol, range, signal);
        if (!signal.aborted) this.onGaps(symbol, gaps, range);
      } catch {
        // The numbers beside it say the same; it is read again with the next range.
      }
    }
    this.#readers -= 1;
  }
}

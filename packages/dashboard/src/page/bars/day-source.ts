import type { FxClient } from "@fx-ohlc/client";
import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import { type ChartBar, chartBar } from "./chart-bar.js";

/** Symbols of one request, as many as it may name. */
const SYMBOLS_MAX = 100;
/** Before every day of this long ago there was one with ticks, or nobody looks: a week and its weekends. */
const SPAN_MS = 8 * 86_400_000;
/** The running day and the one before it. */
const DAYS = 2;

/** Reads the days that changes are counted from. */
export class DaySource {
  #aborter = new AbortController();

  constructor(
    private readonly client: FxClient,
    private readonly onDay: (symbol: string, bar: ChartBar) => void,
  ) {}

  /** The days of the last week of many symbols, in place of any reading before. */
  async readAll(symbols: readonly string[], boundary: BoundaryName): Promise<void> {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    const start = new Date(Date.now() - SPAN_MS).toISOString();
    for (let at = 0; at < symbols.length && !signal.aborted; at += SYMBOLS_MAX) {
      const query = { symbol: symbols.slice(at, at + SYMBOLS_MAX), start, signal, ...kind(boundary) };
      try {
        for await (const bar of this.client.bars(query)) this.onDay(bar.symbol, chartBar(bar));
      } catch {
        // The change is then from the open of the running day, and says so.
      }
    }
  }

  /** The last days of one symbol, however long ago. */
  async read(symbol: string, boundary: BoundaryName): Promise<void> {
    const { signal } = this.#aborter;
    try {
      const bars = await this.client.lastBars({ symbol, count: DAYS, signal, ...kind(boundary) });
      if (!signal.aborted) for (const bar of bars) this.onDay(symbol, chartBar(bar));
    } catch {
      // See above.
    }
  }
}

function kind(boundary: BoundaryName) {
  const { hour, timezone } = BOUNDARIES[boundary];
  return { interval: "1d", dayStartHour: hour, timezone } as const;
}

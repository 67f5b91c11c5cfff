import type { BarSeries } from "./buckets.js";
import type { Seconds } from "./chart-bar.js";
import { NO_NOTES, type NoteSource, type Notes } from "./note-source.js";

/** Changes come in bursts: a correction, its bars and the days around it. */
const WAIT_MS = 300;

/**
 * What is wrong with the bars that are shown: read with them, again when something changes, and when older bars come.
 * `isKnown` is false once it could not be read: then nobody is to believe that nothing is wrong.
 */
export class NoteFeed {
  #series: BarSeries | undefined;
  #from: Seconds = 0;
  #quietAfterS = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #aborter = new AbortController();

  constructor(
    private readonly source: NoteSource,
    private readonly onNotes: (notes: Notes, isKnown: boolean) => void,
  ) {}

  /** Bars of a series are shown from a time on. */
  show(series: BarSeries, from: Seconds, quietAfterS: number): void {
    const { symbol, boundary, interval } = this.#series ?? {};
    const isOther = series.symbol !== symbol || series.boundary !== boundary || series.interval !== interval;
    if (!isOther && from >= this.#from && quietAfterS === this.#quietAfterS) return;
    this.#series = series;
    this.#from = from;
    this.#quietAfterS = quietAfterS;
    if (isOther) {
      // What is still being read is of the series before.
      this.#aborter.abort();
      this.onNotes(NO_NOTES, true);
    }
    this.refresh();
  }

  /** Another series is shown from now on, which may have no bars: nothing that was read is of it. */
  forget(): void {
    this.#aborter.abort();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#series = undefined;
    this.onNotes(NO_NOTES, true);
  }

  /** Reads again, soon: something has changed. */
  refresh(): void {
    this.#timer ??= setTimeout(() => void this.#read(), WAIT_MS);
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    const series = this.#series;
    if (series === undefined) return;
    this.#aborter.abort();
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    try {
      const notes = await this.source.read(series, this.#from, this.#quietAfterS, signal);
      if (!signal.aborted) this.onNotes(notes, true);
    } catch {
      if (!signal.aborted) this.onNotes(NO_NOTES, false);
    }
  }
}

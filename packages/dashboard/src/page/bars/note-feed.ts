import type { BarSeries } from "./buckets.js";
import type { Seconds } from "./chart-bar.js";
import { type KnownNotes, rangeAfter, rangeBefore, withAfter, withBefore } from "./known-notes.js";
import { NO_NOTES, type NoteSource, type Notes } from "./note-source.js";
import { failureOf } from "./read-state.js";

/** Changes come in bursts: a correction, its bars and the days around it. */
const WAIT_MS = 300;
/** Before what could not be read is tried again; the client has repeated each request by then. */
const RETRY_MS = 10_000;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * What is wrong with the bars that are shown: read as far back as they are in sight, further when somebody scrolls back, and again
 * from where something changes. `isKnown` is false once it could not be read: then nobody is to believe that nothing is wrong.
 */
export class NoteFeed {
  #series: BarSeries | undefined;
  #wanted: Seconds = 0;
  #quietAfterS = 0;
  #known: KnownNotes | undefined;
  /** What is known from here on is not true any more. */
  #changed: Seconds = NEVER;
  /** The same of what is being read anew. */
  #reading: Seconds = NEVER;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #aborter = new AbortController();

  constructor(
    private readonly source: NoteSource,
    private readonly onNotes: (notes: Notes, isKnown: boolean) => void,
  ) {}

  /** @param from bars of the series are in sight from there on: the start of an FX day */
  show(series: BarSeries, from: Seconds, quietAfterS: number): void {
    const { symbol, boundary, interval } = this.#series ?? {};
    const isOther = series.symbol !== symbol || series.boundary !== boundary || series.interval !== interval;
    if (!isOther && from >= this.#wanted && quietAfterS === this.#quietAfterS) return;
    if (isOther) this.forget();
    // With another measure of silence there are other gaps everywhere.
    if (quietAfterS !== this.#quietAfterS) this.#changed = Number.NEGATIVE_INFINITY;
    this.#series = series;
    this.#wanted = isOther ? from : Math.min(from, this.#wanted);
    this.#quietAfterS = quietAfterS;
    this.#readSoon();
  }

  /** Another series is shown from now on, which may have no bars: nothing that was read is of it. */
  forget(): void {
    this.#aborter.abort();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#series = undefined;
    this.#known = undefined;
    this.#changed = NEVER;
    this.#reading = NEVER;
    this.onNotes(NO_NOTES, true);
  }

  /** Reads again, soon: something has changed. @param from of bars after that */
  refresh(from: Seconds = Number.NEGATIVE_INFINITY): void {
    this.#changed = Math.min(this.#changed, from);
    this.#readSoon();
  }

  #readSoon(): void {
    this.#timer ??= setTimeout(() => void this.#read(), WAIT_MS);
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    const series = this.#series;
    if (series === undefined) return;
    this.#aborter.abort();
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    // What the reading before this one has not come to is read now.
    this.#reading = Math.min(this.#changed, this.#reading);
    this.#changed = NEVER;
    try {
      const known = await this.#readAnew(series, this.#reading, signal);
      this.#reading = NEVER;
      if (this.#wanted < known.from) await this.#readBefore(series, known, signal);
    } catch (error) {
      if (!signal.aborted) this.#onFailure(error);
    }
  }

  #onFailure(error: unknown): void {
    this.#known = undefined;
    this.onNotes(NO_NOTES, false);
    if (failureOf(error).status === "failed") this.#timer ??= setTimeout(() => void this.#read(), RETRY_MS);
  }

  /** What changed, or all that is wanted where nothing is known yet. */
  async #readAnew(series: BarSeries, changed: Seconds, signal: AbortSignal): Promise<KnownNotes> {
    const known = this.#known;
    if (known !== undefined && changed === NEVER) return known;
    const from = this.#wanted;
    if (known === undefined || changed <= known.from) {
      const page = await this.source.read(series, { from }, this.#quietAfterS, signal);
      return this.#take({ from, ...page }, signal);
    }
    const range = rangeAfter(known, changed);
    const page = await this.source.read(series, range, this.#quietAfterS, signal);
    return this.#take(withAfter(known, range, page, series.boundary), signal);
  }

  async #readBefore(series: BarSeries, known: KnownNotes, signal: AbortSignal): Promise<void> {
    const wanted = this.#wanted;
    const page = await this.source.read(series, rangeBefore(known, wanted), this.#quietAfterS, signal);
    this.#take(withBefore(known, wanted, page), signal);
  }

  /** @throws the reason why it is not wanted any more */
  #take(known: KnownNotes, signal: AbortSignal): KnownNotes {
    signal.throwIfAborted();
    this.#known = known;
    this.onNotes(known, true);
    return known;
  }
}

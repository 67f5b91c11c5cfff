import type { BarSource } from "./bar-source.js";
import { type BarSeries, bucketEndOf, bucketOf } from "./buckets.js";
import { type ChartBar, indexOfTime, type Seconds, withBar, withRange } from "./chart-bar.js";
import { LiveFold } from "./live-fold.js";
import { failureOf, type ReadState } from "./read-state.js";

/** Bars read at a time: more than most screens show, and some 50 kB of JSON. */
const PAGE_BARS = 300;
/** Of so many loaded bars all are read again after an outage; of more, only the newest page is kept. */
const REREAD_MAX = 5_000;
/** Older ranges that changed are read one by one; past so many at once everything is. */
const CHANGED_MAX = 20;
/** Changes come in bursts, a minute's, its hour's and its day's: they are read together. */
const CHANGED_WAIT_MS = 150;
/** Before what changed and could not be read is tried again; the client has repeated each request by then. */
const CHANGED_RETRY_MS = 2_000;

/** `older`: whether more can be loaded before the first bar. */
export interface FeedState extends ReadState {
  readonly older: "more" | "loading" | "end";
}

/** A streamed bar of the size the series is folded from. */
export interface LivePart {
  readonly bar: ChartBar;
  /** `bar`: as it is now; `settled`: final, revised or read again, which an older message must not undo. */
  readonly kind: "bar" | "settled";
}

export interface FeedListener {
  /** Many bars changed: all of them are to be drawn again. */
  onBars(bars: readonly ChartBar[]): void;
  /** One bar changed or was added; `isLast` tells whether it is the newest. */
  onBar(bar: ChartBar, isLast: boolean): void;
  onState(state: FeedState): void;
}

/**
 * The bars of one series: history read page by page as one scrolls back, the newest bars folded from the stream.
 *
 * A series is *loading* until its first page is there, then *ready*; *failed* when that page could not be read, *forbidden*
 * when this tab's key does not open it. What the
 * stream brings while it loads is kept and applied to what was read.
 */
export class BarFeed {
  #series: BarSeries | undefined;
  #bars: readonly ChartBar[] = [];
  #fold: LiveFold | undefined;
  #waiting: LivePart[] = [];
  /** Ranges to be read again: where they start, and end. */
  readonly #changed = new Map<Seconds, Seconds>();
  #changedTimer: ReturnType<typeof setTimeout> | undefined;
  #aborter = new AbortController();
  #state: FeedState = { status: "loading", older: "more" };

  constructor(
    private readonly source: BarSource,
    private readonly listener: FeedListener,
  ) {}

  get bars(): readonly ChartBar[] {
    return this.#bars;
  }

  /** Shows another series, from its newest page. */
  async open(series: BarSeries): Promise<boolean> {
    this.#reset(series);
    this.listener.onBars([]);
    this.#setState({ status: "loading", older: "more" });
    return this.#guarded(async (signal) => {
      const page = await this.source.before(series, undefined, PAGE_BARS, signal);
      await this.#readParts(series, page, signal);
      this.#setState({ status: "ready", older: page.length < PAGE_BARS ? "end" : "more" });
    });
  }

  /**
   * Reads everything shown once more, when the stream may have missed something.
   *
   * @returns whether that succeeded; true also when another series is shown by now
   */
  async refresh(): Promise<boolean> {
    const series = this.#series;
    const [first] = this.#bars;
    if (series === undefined) return true;
    if (first === undefined || this.#bars.length > REREAD_MAX) return this.open(series);
    this.#abort();
    const { older } = this.#state;
    return this.#guarded(async (signal) => {
      const bars = await this.source.range(series, { start: first.time }, signal);
      await this.#readParts(series, bars, signal);
      this.#setState({ status: "ready", older: older === "loading" ? "more" : older });
    });
  }

  /** Reads the page before the first bar, unless it is being read or there is none. */
  async loadOlder(): Promise<void> {
    const series = this.#series;
    const [first] = this.#bars;
    if (series === undefined || first === undefined) return;
    if (this.#state.status !== "ready" || this.#state.older !== "more") return;
    this.#setState({ status: "ready", older: "loading" });
    const isRead = await this.#guarded(async (signal) => {
      const page = await this.source.before(series, first.time, PAGE_BARS, signal);
      this.#setBars(withRange(this.#bars, Number.NEGATIVE_INFINITY, first.time, page));
      this.#setState({ status: "ready", older: page.length < PAGE_BARS ? "end" : "more" });
    });
    // What is shown is right all the same; scrolling on tries again.
    if (!isRead) this.#setState({ status: "ready", older: "more" });
  }

  /** Takes in a streamed bar of the series' symbol and part size. */
  onPart(part: LivePart): void {
    if (this.#series === undefined) return;
    if (this.#fold === undefined) {
      this.#waiting.push(part);
      return;
    }
    const bar = this.#fold.apply(part.bar);
    if (bar === undefined) this.onChanged(part.bar.time, part.bar.time);
    else this.#setBar(bar);
  }

  /** Stored bars changed somewhere between two times: those that contain or lie between them are read again. */
  onChanged(from: Seconds, to: Seconds): void {
    const [first] = this.#bars;
    if (this.#series === undefined || first === undefined) return;
    const start = bucketOf(from, this.#series);
    const end = bucketEndOf(to, this.#series);
    if (end <= first.time) return;
    this.#changed.set(start, Math.max(end, this.#changed.get(start) ?? end));
    this.#changedTimer ??= setTimeout(() => void this.#readChanged(), CHANGED_WAIT_MS);
  }

  close(): void {
    this.#abort();
    this.#series = undefined;
  }

  #reset(series: BarSeries): void {
    this.#abort();
    this.#series = series;
    this.#bars = [];
  }

  #abort(): void {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    clearTimeout(this.#changedTimer);
    this.#changedTimer = undefined;
    this.#changed.clear();
    this.#fold = undefined;
    this.#waiting = [];
  }

  /** Reads the parts of the newest bar and of what follows it, and shows the bars. */
  async #readParts(series: BarSeries, bars: readonly ChartBar[], signal: AbortSignal): Promise<void> {
    const from = bars.at(-1)?.time ?? 0;
    const parts = await this.source.parts(series, from, signal);
    const fold = new LiveFold((time) => bucketOf(time, series), from);
    let shown = bars;
    const apply = (part: ChartBar): void => {
      const bar = fold.apply(part);
      if (bar !== undefined) shown = withBar(shown, bar);
    };
    for (const part of parts) apply(part);
    for (const { bar, kind } of this.#waiting) {
      // What came while this was read may be older than it.
      if (kind === "settled" || bar.count >= (fold.part(bar.time)?.count ?? 0)) apply(bar);
    }
    this.#waiting = [];
    this.#fold = fold;
    this.#setBars(shown);
  }

  #setBars(bars: readonly ChartBar[]): void {
    this.#bars = bars;
    this.listener.onBars(bars);
  }

  #setBar(bar: ChartBar): void {
    const last = this.#bars.at(-1);
    const isKnown = this.#bars[indexOfTime(this.#bars, bar.time)]?.time === bar.time;
    const isLast = last === undefined || bar.time >= last.time;
    this.#bars = withBar(this.#bars, bar);
    if (bar.count > 0 && (isLast || isKnown)) this.listener.onBar(bar, isLast);
    else this.listener.onBars(this.#bars);
  }

  async #readChanged(): Promise<void> {
    const series = this.#series;
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#changedTimer = undefined;
    if (series === undefined) return;
    if (changed.length > CHANGED_MAX) {
      await this.refresh();
      return;
    }
    const { older } = this.#state;
    const isRead = await this.#guarded(async (signal) => {
      for (const [start, end] of changed) {
        const bars = await this.source.range(series, { start, end }, signal);
        this.#setBars(withRange(this.#bars, start, end, bars));
      }
    });
    if (isRead) return;
    this.#setState({ status: "ready", older });
    for (const [start, end] of changed) this.#changed.set(start, end);
    this.#changedTimer ??= setTimeout(() => void this.#readChanged(), CHANGED_RETRY_MS);
  }

  /** Runs a reading; one that another series has made superfluous ends without a word. */
  async #guarded(read: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const { signal } = this.#aborter;
    try {
      await read(signal);
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      this.#setState({ ...failureOf(error), older: "more" });
      return false;
    }
  }

  #setState(state: FeedState): void {
    this.#state = state;
    this.listener.onState(state);
  }
}

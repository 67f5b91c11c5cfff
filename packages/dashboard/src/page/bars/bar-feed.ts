import type { BarSource } from "./bar-source.js";
import { type BarSeries, bucketEndOf, bucketOf } from "./buckets.js";
import { type ChartBar, indexOfTime, type Seconds, withBar, withRange } from "./chart-bar.js";
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
/** The same of a page that could not be read: a store that is away asks for so long. */
const PAGE_RETRY_MS = 5_000;

/** `older`: whether more can be loaded before the first bar. */
export interface FeedState extends ReadState {
  readonly older: "more" | "loading" | "end";
}

/** A streamed bar of the series. */
export interface LiveBar {
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
 * The bars of one series: history read page by page as one scrolls back, and every bar that the stream tells of it.
 *
 * A series is *loading* until its first page is there, then *ready*; *failed* when that page could not be read, *forbidden*
 * when this tab's key does not open it. What failed is tried again by itself, an older page, too. What the stream brings while it
 * loads is kept and applied to what was read.
 */
export class BarFeed {
  #series: BarSeries | undefined;
  #bars: readonly ChartBar[] = [];
  /** What came while nothing was shown yet; undefined once something is. */
  #waiting: LiveBar[] | undefined = [];
  /** Ranges to be read again: where they start, and end. */
  readonly #changed = new Map<Seconds, Seconds>();
  #changedTimer: ReturnType<typeof setTimeout> | undefined;
  #pageTimer: ReturnType<typeof setTimeout> | undefined;
  #aborter = new AbortController();
  #state: FeedState = { status: "loading", older: "more" };

  constructor(
    private readonly source: BarSource,
    private readonly listener: FeedListener,
  ) {}

  /** What the bars are of. */
  get series(): BarSeries | undefined {
    return this.#series;
  }

  get bars(): readonly ChartBar[] {
    return this.#bars;
  }

  /** Shows another series: its newest page, or all from a time on, and a page before that. */
  async open(series: BarSeries, from?: Seconds): Promise<boolean> {
    this.#reset(series);
    this.listener.onBars([]);
    this.#setState({ status: "loading", older: "more" });
    const isRead = await this.#guarded(async (signal) => {
      const page =
        from === undefined
          ? await this.source.before(series, undefined, PAGE_BARS, signal)
          : await this.#pageFrom(series, from, signal);
      this.#takeIn(page);
      this.#setState({ status: "ready", older: page.length < PAGE_BARS ? "end" : "more" });
    });
    if (!isRead) this.#retry(() => this.open(series, from));
    return isRead;
  }

  /** What a key does not open it will not open later. */
  #retry(read: () => Promise<unknown>): void {
    clearTimeout(this.#pageTimer);
    if (this.#state.status === "failed") this.#pageTimer = setTimeout(() => void read(), PAGE_RETRY_MS);
  }

  async #pageFrom(series: BarSeries, from: Seconds, signal: AbortSignal): Promise<readonly ChartBar[]> {
    const older = await this.source.before(series, from, PAGE_BARS, signal);
    return [...older, ...(await this.source.range(series, { start: from }, signal))];
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
      this.#takeIn(await this.source.range(series, { start: first.time }, signal));
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
    if (isRead) return;
    this.#retry(() => this.loadOlder());
    // What is shown is right all the same.
    this.#setState({ status: "ready", older: "more" });
  }

  /** Takes in a streamed bar of the series; one that is older than all that is shown will be read when it is scrolled to. */
  onLive(live: LiveBar): void {
    if (this.#series === undefined) return;
    if (this.#waiting !== undefined) this.#waiting.push(live);
    else if (live.bar.time >= (this.#bars[0]?.time ?? Number.NEGATIVE_INFINITY)) this.#setBar(live.bar);
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
    clearTimeout(this.#pageTimer);
    this.#changedTimer = undefined;
    this.#changed.clear();
    this.#waiting = [];
  }

  /** Shows bars that were read, and with them what came meanwhile and may be older. */
  #takeIn(bars: readonly ChartBar[]): void {
    const [first] = bars;
    let shown = bars;
    for (const { bar, kind } of this.#waiting ?? []) {
      const known = shown[indexOfTime(shown, bar.time)];
      const count = known?.time === bar.time ? known.count : 0;
      const isOlder = first !== undefined && bar.time < first.time;
      if (!isOlder && (kind === "settled" || bar.count >= count)) shown = withBar(shown, bar);
    }
    this.#waiting = undefined;
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

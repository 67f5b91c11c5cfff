import { failureOf, type ReadState } from "../bars/read-state.js";
import { type PageTick, type TickRange, withRange, withTickRange, withTicks } from "./tick.js";
import type { TickSource } from "./tick-source.js";

/** Ticks read at first: more than the tape shows. And when one scrolls back in the chart. */
const FIRST_TICKS = 150;
const PAGE_TICKS = 1_000;
/** Ticks kept while new ones come: what has been scrolled back to is not taken away, but a day is not kept either. */
const KEPT_MAX = 50_000;
/** Before what could not be read is tried again; the client has repeated each request by then. */
const RETRY_MS = 5_000;

export interface TickFeedListener {
  /** `onlyAdded`: the ticks before the new ones are as they were. */
  onTicks(ticks: readonly PageTick[], onlyAdded: boolean): void;
  onState(state: ReadState): void;
}

/** The ticks of one symbol: the newest at once, older ones as one scrolls back, live ones as they come. */
export class TickFeed {
  #symbol: string | undefined;
  #ticks: readonly PageTick[] = [];
  #isLoading = false;
  /** What came while older ticks were read: they may have been read before that. */
  #meanwhile: TickRange[] = [];
  #isWhole = false;
  #aborter = new AbortController();
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly source: TickSource,
    private readonly listener: TickFeedListener,
  ) {}

  get ticks(): readonly PageTick[] {
    return this.#ticks;
  }

  async open(symbol: string): Promise<void> {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    clearTimeout(this.#retryTimer);
    this.#symbol = symbol;
    this.#isWhole = false;
    this.#isLoading = false;
    this.#setTicks([], false);
    this.listener.onState({ status: "loading" });
    await this.#load(undefined);
  }

  /** Reads the newest ticks again, when those kept may be wrong. */
  async refresh(): Promise<void> {
    if (this.#symbol !== undefined) await this.open(this.#symbol);
  }

  async loadOlder(): Promise<void> {
    const [first] = this.#ticks;
    if (first !== undefined && !this.#isWhole) await this.#load(first.time);
  }

  /** Takes in streamed ticks, or such as were read again. */
  onTicks(ticks: readonly PageTick[]): void {
    const { length } = this.#ticks;
    const oldest = this.#isLoading ? undefined : this.#ticks[0];
    // Older than what is kept: they come when that is scrolled to.
    const news = oldest === undefined ? ticks : ticks.filter(({ time }) => time >= oldest.time);
    if (news.length === 0) return;
    const last = this.#ticks.at(-1);
    const all = withTicks(this.#ticks, news);
    const onlyAdded = last === undefined || all[length - 1] === last;
    const isOver = all.length > KEPT_MAX;
    if (isOver) this.#isWhole = false;
    this.#setTicks(isOver ? all.slice(-KEPT_MAX / 2) : all, onlyAdded && !isOver);
  }

  /** Ticks of a range are these now. */
  replace(range: TickRange): void {
    if (this.#isLoading) this.#meanwhile.push(range);
    const replaced = withRange(this.#ticks, range);
    if (replaced !== this.#ticks) this.#setTicks(replaced, false);
  }

  /** Bars of [from, to) changed, and perhaps its ticks. */
  async reread(from: string, to: string): Promise<void> {
    const symbol = this.#symbol;
    const [first] = this.#ticks;
    if (symbol === undefined || first === undefined || to <= first.time) return;
    await this.#guarded(async (signal) => {
      const page = await this.source.range(symbol, from, to, signal);
      this.#setTicks(withTickRange(this.#ticks, from, to, page), false);
    });
  }

  async #load(end: string | undefined): Promise<void> {
    const symbol = this.#symbol;
    if (symbol === undefined || this.#isLoading) return;
    this.#isLoading = true;
    this.#meanwhile = [];
    clearTimeout(this.#retryTimer);
    const state = await this.#guarded(async (signal) => {
      const read = await this.source.before(symbol, end, end === undefined ? FIRST_TICKS : PAGE_TICKS, signal);
      const page = this.#meanwhile.reduce(withRange, read);
      this.#isLoading = false;
      this.#isWhole = page.length === 0;
      this.#setTicks(withTicks(page, this.#ticks), false);
      this.listener.onState({ status: "ready" });
    });
    // What a key does not open it will not open later.
    if (state?.status === "failed") this.#retryTimer = setTimeout(() => void this.#load(end), RETRY_MS);
  }

  /** @returns how it failed */
  async #guarded(read: (signal: AbortSignal) => Promise<void>): Promise<ReadState | undefined> {
    const { signal } = this.#aborter;
    try {
      await read(signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#isLoading = false;
      const state = failureOf(error);
      this.listener.onState(state);
      return state;
    }
  }

  #setTicks(ticks: readonly PageTick[], onlyAdded: boolean): void {
    this.#ticks = ticks;
    this.listener.onTicks(ticks, onlyAdded);
  }
}

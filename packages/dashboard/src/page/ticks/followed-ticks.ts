import type { ReadState } from "../bars/read-state.js";
import type { PageTick, TickRange } from "./tick.js";
import { TickFeed } from "./tick-feed.js";
import type { TickSource } from "./tick-source.js";

export interface FollowedListener {
  /** @param onlyAdded whether those there were are the first of them */
  onTicks(ticks: readonly PageTick[], onlyAdded: boolean): void;
  onState(state: ReadState): void;
  /** These were taken in. */
  onTaken(ticks: readonly PageTick[]): void;
  /** The newest one is another than before. */
  onLast(symbol: string, tick: PageTick): void;
}

/** The ticks of the symbol that is followed: collected as they come from the stream, and taken in together. */
export class FollowedTicks {
  readonly #feed: TickFeed;
  #symbol: string | undefined;
  #news: PageTick[] = [];
  #state: ReadState = { status: "loading" };

  constructor(
    source: TickSource,
    private readonly listener: FollowedListener,
  ) {
    this.#feed = new TickFeed(source, {
      onTicks: (ticks, onlyAdded) => listener.onTicks(ticks, onlyAdded),
      onState: (state) => {
        this.#state = state;
        listener.onState(state);
      },
    });
  }

  get ticks(): readonly PageTick[] {
    return this.#feed.ticks;
  }

  get state(): ReadState {
    return this.#state;
  }

  follow(symbol: string): void {
    this.#symbol = symbol;
    this.#news = [];
    void this.#feed.open(symbol);
  }

  isOf(channel: string): boolean {
    return channel === `ticks:${this.#symbol}`;
  }

  /** Collects what came. */
  add(ticks: readonly PageTick[]): void {
    this.#news.push(...ticks);
  }

  /** What is held of a range is put in its place; what came before it is taken in before it. */
  replace(range: TickRange): void {
    this.take();
    const before = this.ticks.at(-1);
    this.#feed.replace(range);
    this.#noteLast(before);
  }

  /** Takes in what was collected. */
  take(): void {
    const ticks = this.#news;
    this.#news = [];
    if (ticks.length === 0) return;
    const before = this.ticks.at(-1);
    this.#feed.onTicks(ticks);
    this.listener.onTaken(ticks);
    this.#noteLast(before);
  }

  loadOlder(): void {
    void this.#feed.loadOlder();
  }

  refresh(): void {
    void this.#feed.refresh();
  }

  /** Reads what there is since the newest, that included. @param to UTC, in the digits of ticks' times */
  readNews(to: string): void {
    const last = this.ticks.at(-1);
    if (last === undefined) this.refresh();
    else this.reread(last.time, to);
  }

  /** Reads a range again. */
  reread(from: string, to: string): void {
    void this.#feed.reread(from, to);
  }

  #noteLast(before: PageTick | undefined): void {
    const last = this.ticks.at(-1);
    if (last !== undefined && last !== before && this.#symbol !== undefined) this.listener.onLast(this.#symbol, last);
  }
}

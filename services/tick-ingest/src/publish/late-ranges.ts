import { hull, RangeSet, type TimeRange, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { type Cause, type Outgoing, revisionMessage } from "./outgoing.js";

/** Ranges told of one symbol at a time; more of them are told with what lies between. */
const RANGES_MAX = 8;
/** Bars are read by the minute: ranges no further apart are told as one. */
const JOINED_GAP_US = US_PER_MINUTE;
/** Readers of a symbol are told this often at most: an import makes hundreds of commits in that time. */
const INTERVAL_MS = 1000;

/** Why ranges are told with others of their kind, and not each by itself. */
export type LateCause = Extract<Cause, "old" | "late">;

/** Ranges of one symbol that wait to be told, and the commits they stand for. */
export class WaitingRanges {
  batches: number[] = [];
  readonly #set = new RangeSet(RANGES_MAX, JOINED_GAP_US);
  #whole: TimeRange | undefined;

  constructor(
    readonly cause: LateCause,
    readonly symbol: string,
  ) {}

  /** From the start of the first to the end of the last. */
  get whole(): TimeRange {
    return this.#whole ?? { fromUs: 0, toUs: 0 };
  }

  add(ranges: readonly TimeRange[], batches: readonly number[]): void {
    for (const range of ranges) {
      this.#set.add(range.fromUs, range.toUs);
      this.#whole = this.#whole === undefined ? range : hull(this.#whole, range);
    }
    this.batches.push(...batches);
  }

  /** The messages that tell of them; all commits are told of with the last one, and whoever gives that up gives up everything. */
  messages(): Outgoing[] {
    const ranges = this.#set.take();
    const last = ranges.length - 1;
    return ranges.map((range, index) => ({
      ...revisionMessage(this.symbol, range, this.cause, index === last ? this.batches : []),
      ...(index === last ? { fromUs: this.whole.fromUs, toUs: this.whole.toUs } : {}),
    }));
  }
}

/**
 * Gathers the ranges of old ticks, and of bars that were refreshed for them, so that however fast history is imported a symbol's
 * readers hear of it once a second. The first range of a while is told at once. While nothing can be told they wait, and are
 * never more than a few.
 */
export class LateRanges {
  readonly #waiting = new Map<string, WaitingRanges>();
  readonly #toldMs = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param tell takes messages that are due
   * @param canTell whether there is any use in it
   */
  constructor(
    private readonly tell: (symbol: string, messages: readonly Outgoing[]) => void,
    private readonly canTell: () => boolean,
  ) {}

  get waiting(): Iterable<WaitingRanges> {
    return this.#waiting.values();
  }

  get symbolsWaiting(): number {
    return this.#waiting.size;
  }

  /** Whether these still wait here. */
  holds(ranges: WaitingRanges): boolean {
    return this.#waiting.get(keyOf(ranges)) === ranges;
  }

  add(cause: LateCause, symbol: string, ranges: readonly TimeRange[], batches: readonly number[]): void {
    const key = keyOf({ cause, symbol });
    const known = this.#waiting.get(key) ?? new WaitingRanges(cause, symbol);
    known.add(ranges, batches);
    this.#waiting.set(key, known);
    this.#tellIfDue(known);
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#tellDue(), INTERVAL_MS).unref();
  }

  /** Tells all of them, due or not. */
  flush(): void {
    for (const ranges of [...this.#waiting.values()]) this.#tellNow(ranges);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tellDue(): void {
    this.#timer = undefined;
    for (const ranges of [...this.#waiting.values()]) this.#tellIfDue(ranges);
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#tellDue(), INTERVAL_MS).unref();
  }

  #tellIfDue(ranges: WaitingRanges): void {
    const toldMs = this.#toldMs.get(keyOf(ranges)) ?? Number.NEGATIVE_INFINITY;
    if (this.canTell() && performance.now() - toldMs >= INTERVAL_MS) this.#tellNow(ranges);
  }

  #tellNow(ranges: WaitingRanges): void {
    this.#waiting.delete(keyOf(ranges));
    this.#toldMs.set(keyOf(ranges), performance.now());
    this.tell(ranges.symbol, ranges.messages());
  }
}

function keyOf({ cause, symbol }: { readonly cause: LateCause; readonly symbol: string }): string {
  return `${cause} ${symbol}`;
}

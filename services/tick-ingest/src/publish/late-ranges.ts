import { RangeSet, type TimeRange, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { entryOf } from "@fx-ohlc/service-kit";
import { isOverdue, type UntoldCommit } from "../write/commit-ledger.js";
import { type Cause, type Outgoing, revisionMessages } from "./outgoing.js";

/** Ranges told of one symbol at a time; more of them are told with what lies between. */
const RANGES_MAX = 8;
/** Bars are read by the minute: ranges no further apart are told as one. */
const JOINED_GAP_US = US_PER_MINUTE;
/** Readers of a symbol are told this often at most: an import makes hundreds of commits in that time. */
const INTERVAL_MS = 1000;

/** Ranges of one symbol that wait to be told, and the commits they are of. */
interface WaitingRanges {
  readonly cause: Cause;
  readonly symbol: string;
  readonly ranges: RangeSet;
  /** At least one, the oldest first. */
  readonly commits: UntoldCommit[];
}

/**
 * Gathers the ranges of old ticks, of bars that were refreshed for them, and of what was lost, so that however fast history is
 * imported a symbol's readers hear of it once a second. The first range of a while is told at once. While nothing can be told
 * they wait, never more than a few, until their first commit is overdue.
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

  get symbolsWaiting(): number {
    return this.#waiting.size;
  }

  /** @param commit is told of with these ranges, as far as the symbol goes */
  add(cause: Cause, symbol: string, ranges: readonly TimeRange[], commit: UntoldCommit): void {
    const set = () => new RangeSet(RANGES_MAX, JOINED_GAP_US);
    const key = keyOf({ cause, symbol });
    const waiting = entryOf(this.#waiting, key, () => ({ cause, symbol, ranges: set(), commits: [] }));
    for (const { fromUs, toUs } of ranges) waiting.ranges.add(fromUs, toUs);
    waiting.commits.push(commit);
    this.#tellIfDue(waiting);
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#tellDue(), INTERVAL_MS).unref();
  }

  /** Tells all of them, due or not. */
  flush(): void {
    for (const waiting of [...this.#waiting.values()]) this.#tellNow(waiting);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tellDue(): void {
    this.#timer = undefined;
    for (const waiting of [...this.#waiting.values()]) this.#tellIfDue(waiting);
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#tellDue(), INTERVAL_MS).unref();
  }

  #tellIfDue(waiting: WaitingRanges): void {
    const nowMs = performance.now();
    const toldMs = this.#toldMs.get(keyOf(waiting)) ?? Number.NEGATIVE_INFINITY;
    if (isOverdue(waiting, nowMs)) this.#waiting.delete(keyOf(waiting));
    else if (this.canTell() && nowMs - toldMs >= INTERVAL_MS) this.#tellNow(waiting);
  }

  #tellNow(waiting: WaitingRanges): void {
    const { cause, symbol, ranges, commits } = waiting;
    this.#waiting.delete(keyOf(waiting));
    this.#toldMs.set(keyOf(waiting), performance.now());
    this.tell(symbol, revisionMessages(symbol, ranges.take(), cause, commits));
  }
}

function keyOf({ cause, symbol }: { readonly cause: Cause; readonly symbol: string }): string {
  return `${cause} ${symbol}`;
}

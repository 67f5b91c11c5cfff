import type { ChartBar, Seconds } from "./chart-bar.js";

/** One bar out of the bars it is made of, ascending; undefined when there are none. */
export function foldBars(time: Seconds, parts: readonly ChartBar[]): ChartBar | undefined {
  // Those without quotes have no prices of a side.
  const first = parts.find(({ open }) => !Number.isNaN(open)) ?? parts[0];
  if (first === undefined) return undefined;
  let { high, low, close } = first;
  let [count, quotes, spreads] = [0, 0, 0];
  for (const part of parts) {
    count += part.count;
    quotes += part.quotes ?? 0;
    spreads += (part.spread ?? 0) * (part.quotes ?? 0);
    if (Number.isNaN(part.open)) continue;
    high = Math.max(high, part.high);
    low = Math.min(low, part.low);
    close = part.close;
  }
  const ofQuotes = quotes === 0 ? {} : { spread: spreads / quotes, quotes };
  return { time, open: first.open, high, low, close, count, ...ofQuotes };
}

/**
 * The newest bars of an interval, kept up to date by those of a smaller one (its parts: minutes or hours).
 *
 * A bucket is only folded when all of its parts are known: from `coveredFrom` on, where they were read, and then every one
 * that the stream brought. A part may come any number of times; the last one counts. The newest bucket and the one before it
 * are kept, because the last part of a bucket comes once more, as final, when the next has begun.
 */
export class LiveFold {
  readonly #parts = new Map<Seconds, Map<Seconds, ChartBar>>();
  #coveredFrom: Seconds;

  constructor(
    private readonly bucketOf: (time: Seconds) => Seconds,
    coveredFrom: Seconds,
  ) {
    this.#coveredFrom = coveredFrom;
  }

  /** The part of that time, if it is known. */
  part(time: Seconds): ChartBar | undefined {
    return this.#parts.get(this.bucketOf(time))?.get(time);
  }

  /**
   * Takes in a part; one without ticks is gone.
   *
   * @returns the bar it belongs to, with a count of 0 when nothing is left of it; undefined for a bucket that is not kept
   */
  apply(part: ChartBar): ChartBar | undefined {
    const bucket = this.bucketOf(part.time);
    if (bucket < this.#coveredFrom) return undefined;
    const parts = this.#parts.get(bucket) ?? new Map<Seconds, ChartBar>();
    this.#parts.set(bucket, parts);
    if (part.count > 0) parts.set(part.time, part);
    else parts.delete(part.time);
    this.#forget();
    const ascending = [...parts.values()].sort((a, b) => a.time - b.time);
    return foldBars(bucket, ascending) ?? { ...part, time: bucket, count: 0 };
  }

  #forget(): void {
    const [newest, previous] = [...this.#parts.keys()].sort((a, b) => b - a);
    if (newest === undefined || previous === undefined) return;
    for (const bucket of this.#parts.keys()) if (bucket < previous) this.#parts.delete(bucket);
    this.#coveredFrom = Math.max(this.#coveredFrom, previous);
  }
}

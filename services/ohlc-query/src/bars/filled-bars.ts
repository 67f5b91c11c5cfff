import { setImmediate as nextTurn } from "node:timers/promises";
import { bucketEnd, bucketStart, isClosedThroughout, type MarketSession, type Micros } from "@fx-ohlc/schemas";
import { type BarColumns, joinBars, NO_BARS } from "./bar-columns.js";
import type { BarPage, BarPages, BarRange } from "./bar-page.js";
import { FIRST_BUCKET_US } from "./stored-bars.js";

/** What an empty bucket holds: nothing, or the last close before it. */
export type Fill = "null" | "previous";
/** Why a bucket has no tick: its market was closed from its start to its end, or not, and none came. */
export type EmptyReason = "no_ticks" | "market_closed";

/** Bars of one symbol with the empty buckets between them, ascending, a column each. */
export interface FilledColumns {
  readonly bucketUs: Micros[];
  readonly open: (number | null)[];
  readonly high: (number | null)[];
  readonly low: (number | null)[];
  readonly close: (number | null)[];
  readonly tickCount: number[];
  /** Null where there are ticks. */
  readonly empty: (EmptyReason | null)[];
}

export interface FilledPage {
  readonly bars: FilledColumns;
  readonly nextUs: Micros | undefined;
}

export interface LastFilled {
  readonly bars: FilledColumns;
  readonly hasEarlier: boolean;
}

/** How to fill, and by which clock and session. */
export interface Filling {
  readonly fill: Fill;
  readonly session: MarketSession;
  /** Buckets that start later are not filled. */
  readonly nowUs: Micros;
}

/** Buckets laid out in one turn of the event loop, some 15 ms in a zone seen for the first time. */
const BUCKETS_PER_TURN = 500;

const noColumns = (): FilledColumns => ({
  ...{ bucketUs: [], open: [], high: [], low: [], close: [], tickCount: [], empty: [] },
});

function pushBar(to: FilledColumns, bars: BarColumns, i: number): void {
  to.bucketUs.push(bars.bucketUs[i] ?? 0);
  to.open.push(bars.open[i] ?? null);
  to.high.push(bars.high[i] ?? null);
  to.low.push(bars.low[i] ?? null);
  to.close.push(bars.close[i] ?? null);
  to.tickCount.push(bars.tickCount[i] ?? 0);
  to.empty.push(null);
}

function pushBars(to: FilledColumns, bars: BarColumns): void {
  for (let i = 0; i < bars.bucketUs.length; i += 1) pushBar(to, bars, i);
}

function pushEmpty(to: FilledColumns, bucketUs: Micros, price: number | null, reason: EmptyReason): void {
  to.bucketUs.push(bucketUs);
  for (const column of [to.open, to.high, to.low, to.close]) column.push(price);
  to.tickCount.push(0);
  to.empty.push(reason);
}

/**
 * Pages of bars with the empty buckets filled. A page is its buckets first, counted on the calendar, and then the stored bars
 * within them: it costs the same wherever it is, a century before the first tick included.
 */
export class FilledPages {
  readonly #pages: BarPages;
  readonly #filling: Filling;

  constructor(pages: BarPages, filling: Filling) {
    this.#pages = pages;
    this.#filling = filling;
  }

  /** The first `limit` buckets. Bars that start after now, of producers whose clock is ahead, follow those filled. */
  async first(range: BarRange): Promise<FilledPage> {
    const edges = await this.#edgesFrom(range);
    const filledToUs = edges.at(-1) ?? range.fromUs;
    const bars = await this.#fill(range, edges);
    const rows = bars.bucketUs.length;
    if (rows === range.limit && filledToUs < this.#filledUntil(range)) return { bars, nextUs: filledToUs };
    const later = { ...range, fromUs: Math.max(range.fromUs, filledToUs), limit: range.limit - rows };
    const { bars: after, nextUs } = await this.#laterBars(later);
    pushBars(bars, after);
    return { bars, nextUs };
  }

  /** The last `limit` buckets. */
  async last(range: BarRange): Promise<LastFilled> {
    const untilUs = this.#filledUntil(range);
    const afterUs = this.#edgeAtOrAfter(range, untilUs);
    const later = await this.#pages.last({ ...range, fromUs: Math.max(range.fromUs, afterUs) });
    const limit = range.limit - later.bars.bucketUs.length;
    const edges = await this.#edgesBack(range, limit);
    const bars = await this.#fill(range, edges);
    pushBars(bars, later.bars);
    const earliestUs = bars.bucketUs[0] ?? range.fromUs;
    return { bars, hasEarlier: earliestUs > this.#edgeAtOrAfter(range, range.fromUs) };
  }

  /** Buckets that start before it are filled. */
  #filledUntil({ toUs }: BarRange): Micros {
    return Math.min(toUs, this.#filling.nowUs + 1);
  }

  #edgeAtOrAfter({ interval, boundary }: BarRange, us: Micros): Micros {
    const start = bucketStart(us, interval, boundary);
    return start === us ? us : bucketEnd(us, interval, boundary);
  }

  /** The starts of the first `limit` buckets of a range and the end of the last of them. */
  async #edgesFrom(range: BarRange): Promise<Micros[]> {
    const untilUs = this.#filledUntil(range);
    const edges = [this.#edgeAtOrAfter(range, range.fromUs)];
    for (let edge = edges[0] ?? 0; edge < untilUs && edges.length <= range.limit; ) {
      edge = bucketEnd(edge, range.interval, range.boundary);
      edges.push(edge);
      if (edges.length % BUCKETS_PER_TURN === 0) await nextTurn();
    }
    return edges;
  }

  /** The starts of the last `limit` buckets of a range and the end of the last of them. */
  async #edgesBack(range: BarRange, limit: number): Promise<Micros[]> {
    const edges = [this.#edgeAtOrAfter(range, this.#filledUntil(range))];
    for (let edge = edges[0] ?? 0; edges.length <= limit; ) {
      edge = bucketStart(edge - 1, range.interval, range.boundary);
      if (edge < range.fromUs) break;
      edges.push(edge);
      if (edges.length % BUCKETS_PER_TURN === 0) await nextTurn();
    }
    return edges.reverse();
  }

  async #laterBars(range: BarRange): Promise<{ bars: BarColumns; nextUs: Micros | undefined }> {
    if (range.limit > 0) return this.#pages.first(range);
    const { bars } = await this.#pages.first({ ...range, limit: 1 });
    return { bars: NO_BARS, nextUs: bars.bucketUs[0] };
  }

  /** A row for every bucket between two edges. */
  async #fill(range: BarRange, edges: readonly Micros[]): Promise<FilledColumns> {
    const filled = noColumns();
    const [fromUs = 0, toUs = 0] = [edges[0], edges.at(-1)];
    if (edges.length < 2) return filled;
    const bars = await this.#barsWithin({ ...range, fromUs, toUs, limit: edges.length });
    const startsEmpty = bars.bucketUs[0] !== fromUs;
    let price = this.#filling.fill === "previous" && startsEmpty ? await this.#closeBefore(range, fromUs) : null;
    let next = 0;
    for (const [i, bucketUs] of edges.slice(0, -1).entries()) {
      if (bars.bucketUs[next] === bucketUs) {
        pushBar(filled, bars, next);
        if (this.#filling.fill === "previous") price = bars.close[next] ?? null;
        next += 1;
      } else {
        const isClosed = isClosedThroughout(this.#filling.session, bucketUs, edges[i + 1] ?? bucketUs);
        pushEmpty(filled, bucketUs, price, isClosed ? "market_closed" : "no_ticks");
      }
    }
    return filled;
  }

  /** Every bar of a range of `limit` buckets, also where the pages of a costly interval end early. */
  async #barsWithin(range: BarRange): Promise<BarColumns> {
    const parts: BarColumns[] = [];
    for (let fromUs: Micros | undefined = range.fromUs; fromUs !== undefined; ) {
      const page: BarPage = await this.#pages.first({ ...range, fromUs });
      parts.push(page.bars);
      fromUs = page.nextUs;
    }
    return joinBars(parts);
  }

  /** The last close before a bucket: that of the last minute before it. */
  async #closeBefore(range: BarRange, beforeUs: Micros): Promise<number | null> {
    const minutes = { ...range, interval: "1m", fromUs: FIRST_BUCKET_US, toUs: beforeUs, limit: 1 } as const;
    const { bars } = await this.#pages.last(minutes);
    return bars.close[0] ?? null;
  }
}

import { setImmediate as nextTurn } from "node:timers/promises";
import { bucketEnd, bucketStart, FIRST_BUCKET_US, type Interval, type Micros, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { type BarArrays, COLUMNS } from "./bar-columns.js";
import type { BarPage, BarPages, BarRange, LastBars } from "./bar-page.js";
import type { EmptyReason, ReadReasons } from "./empty-reasons.js";
import { noQuote, noQuotes, QUOTE_COLUMNS, type QuoteArrays } from "./quote-columns.js";

/** What an empty bucket holds: nothing, or the last close before it. */
export type Fill = "null" | "previous";

/** Bars of one symbol with the empty buckets between them, ascending, a column each. */
export interface FilledColumns extends Record<"open" | "high" | "low" | "close", (number | null)[]> {
  readonly bucketUs: Micros[];
  readonly tickCount: number[];
  readonly quotes?: QuoteArrays;
  /** Null where there are ticks. */
  readonly empty: (EmptyReason | null)[];
}

/** What an empty bucket is filled with: the last prices before it, where there are any. */
interface Closes {
  readonly price: number | null;
  /** Not numbers where there was no quote. */
  readonly bid: number;
  readonly ask: number;
}

const NO_CLOSES: Closes = { price: null, bid: Number.NaN, ask: Number.NaN };

/** How to fill, and by which clock. */
export interface Filling {
  readonly fill: Fill;
  readonly readReasons: ReadReasons;
  /** Buckets that start later are not filled. */
  readonly nowUs: Micros;
}

/** Buckets laid out in one turn of the event loop, some 15 ms in a zone seen for the first time. */
const BUCKETS_PER_TURN = 500;

/** Where a page is read, and which. */
interface PageSource {
  readonly pages: BarPages;
  readonly range: BarRange;
}

function pushBar(to: FilledColumns, bars: BarArrays, i: number): void {
  for (const name of COLUMNS) to[name].push(bars[name][i] ?? 0);
  for (const name of quoteColumnsOf(to)) to.quotes?.[name].push(bars.quotes?.[name][i] ?? noQuote(name));
  to.empty.push(null);
}

function quoteColumnsOf({ quotes }: FilledColumns) {
  return quotes === undefined ? [] : QUOTE_COLUMNS;
}

function pushBars(to: FilledColumns, bars: BarArrays): void {
  for (let i = 0; i < bars.bucketUs.length; i += 1) pushBar(to, bars, i);
}

function pushEmpty(to: FilledColumns, bucketUs: Micros, { price, bid, ask }: Closes, reason: EmptyReason): void {
  to.bucketUs.push(bucketUs);
  for (const column of [to.open, to.high, to.low, to.close]) column.push(price);
  to.tickCount.push(0);
  for (const name of quoteColumnsOf(to)) {
    to.quotes?.[name].push(name.startsWith("bid") ? bid : name.startsWith("ask") ? ask : noQuote(name));
  }
  to.empty.push(reason);
}

/** What was last known after a bar. */
function closesAfter(before: Closes, { close, quotes }: BarArrays, i: number): Closes {
  const price = close[i] ?? null;
  if (quotes === undefined || quotes.quoteCount[i] === 0) return { ...before, price };
  return { price, bid: quotes.bidClose[i] ?? Number.NaN, ask: quotes.askClose[i] ?? Number.NaN };
}

/**
 * Pages of bars with the empty buckets filled, each of one moment. A page is its buckets first, counted on the calendar, and then the
 * stored bars within them: it costs the same wherever it is, a century before the first tick included.
 */
export class FilledPages {
  readonly #pages: BarPages;
  readonly #filling: Filling;

  constructor(pages: BarPages, filling: Filling) {
    this.#pages = pages;
    this.#filling = filling;
  }

  /**
   * The first `limit` buckets, or less where a page of bars ends early. Bars that start after now, of producers whose clock is
   * ahead, follow those filled.
   */
  async first(range: BarRange): Promise<BarPage<FilledColumns>> {
    const edges = await this.#edgesFrom(range);
    return this.#pages.ofOneMoment((pages) => this.#firstFrom(pages, range, edges));
  }

  async #firstFrom(pages: BarPages, range: BarRange, edges: readonly Micros[]): Promise<BarPage<FilledColumns>> {
    const [startUs = range.fromUs, endUs = range.fromUs] = [edges[0], edges.at(-1)];
    // Beyond the last bucket that is filled they are read, too: of those within it there are no more than buckets.
    const toUs = endUs < this.#filledUntil(range) ? endUs : range.toUs;
    const { bars, nextUs } = await pages.first({ ...range, fromUs: startUs, toUs });
    const filledToUs = nextUs !== undefined && nextUs < endUs ? nextUs : endUs;
    const filled = await this.#fill(
      { pages, range },
      edges.filter((edge) => edge <= filledToUs),
      bars.between(startUs, filledToUs).arrays(),
    );
    if (toUs === endUs || filledToUs < endUs)
      return { bars: filled, nextUs: filledToUs < range.toUs ? filledToUs : undefined };
    const later = bars.between(endUs, range.toUs);
    const shown = later.first(range.limit - filled.bucketUs.length);
    pushBars(filled, shown.arrays());
    return { bars: filled, nextUs: later.bucketAt(shown.count) ?? nextUs };
  }

  /** The last `limit` buckets, or less where a page of bars ends early. */
  async last(range: BarRange): Promise<LastBars<FilledColumns>> {
    const edges = await this.#edgesBack(range);
    return this.#pages.ofOneMoment((pages) => this.#lastFrom(pages, range, edges));
  }

  /** @param all of as many buckets as there may be, if no bar starts after them */
  async #lastFrom(pages: BarPages, range: BarRange, all: readonly Micros[]): Promise<LastBars<FilledColumns>> {
    const [startUs = range.fromUs, endUs = range.fromUs] = [all[0], all.at(-1)];
    const { bars, prevUs = startUs } = await pages.last({ ...range, fromUs: startUs });
    const later = bars.between(endUs, range.toUs);
    const edges = all.slice(Math.max(0, all.length - 1 - (range.limit - later.count)));
    const filledFromUs = Math.max(prevUs, edges[0] ?? endUs);
    const filled = await this.#fill(
      { pages, range },
      edges.filter((edge) => edge >= filledFromUs),
      bars.between(filledFromUs, endUs).arrays(),
    );
    pushBars(filled, later.arrays());
    const earliestUs = filled.bucketUs[0] ?? filledFromUs;
    return { bars: filled, prevUs: earliestUs > this.#edgeAtOrAfter(range, range.fromUs) ? earliestUs : undefined };
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
  async #edgesBack(range: BarRange): Promise<Micros[]> {
    const edges = [this.#edgeAtOrAfter(range, this.#filledUntil(range))];
    for (let edge = edges[0] ?? 0; edges.length <= range.limit; ) {
      edge = bucketStart(edge - 1, range.interval, range.boundary);
      if (edge < range.fromUs) break;
      edges.push(edge);
      if (edges.length % BUCKETS_PER_TURN === 0) await nextTurn();
    }
    return edges.reverse();
  }

  /** A row for every bucket between two edges. */
  async #fill(of: PageSource, edges: readonly Micros[], bars: BarArrays): Promise<FilledColumns> {
    const filled: FilledColumns = {
      ...{ bucketUs: [], open: [], high: [], low: [], close: [], tickCount: [], empty: [] },
      ...(of.range.withQuotes ? { quotes: noQuotes(0) } : {}),
    };
    const [fromUs = 0] = edges;
    if (edges.length < 2) return filled;
    const isPrevious = this.#filling.fill === "previous";
    let last = isPrevious ? await closesBefore(of, fromUs, bars) : NO_CLOSES;
    // A page without an empty bucket has nothing to ask.
    const isWhole = bars.bucketUs.length === edges.length - 1;
    const why = isWhole ? undefined : await this.#filling.readReasons(of.range.symbol, fromUs, edges.at(-1) ?? fromUs);
    let next = 0;
    for (const [i, bucketUs] of edges.slice(0, -1).entries()) {
      if (bars.bucketUs[next] === bucketUs) {
        pushBar(filled, bars, next);
        if (isPrevious) last = closesAfter(last, bars, next);
        next += 1;
      } else {
        pushEmpty(filled, bucketUs, last, why?.(bucketUs, edges[i + 1] ?? bucketUs) ?? "no_ticks");
      }
    }
    return filled;
  }
}

/** What was last known before the first bucket of a page, as far as that does not say it itself. */
async function closesBefore(of: PageSource, fromUs: Micros, { bucketUs, quotes }: BarArrays): Promise<Closes> {
  const { pages, range } = of;
  const startsEmpty = bucketUs[0] !== fromUs;
  const lacksQuotes = range.withQuotes && (startsEmpty || quotes?.quoteCount[0] === 0);
  const price = startsEmpty ? await closeBefore(of, fromUs) : null;
  const quote = lacksQuotes ? await pages.lastQuote(range.symbol, fromUs) : undefined;
  return { price, bid: quote?.bid ?? Number.NaN, ask: quote?.ask ?? Number.NaN };
}

/** The last close before a bucket: that of the last minute before it, or, where it begins within one, of the last second. */
async function closeBefore({ pages, range }: PageSource, beforeUs: Micros): Promise<number | null> {
  const minuteUs = Math.floor(beforeUs / US_PER_MINUTE) * US_PER_MINUTE;
  const last = async (interval: Interval, fromUs: Micros, toUs: Micros) => {
    const { bars } = await pages.last({ ...range, interval, fromUs, toUs, limit: 1 });
    return bars.arrays().close[0] ?? null;
  };
  const near = minuteUs < beforeUs ? await last("1s", minuteUs, beforeUs) : null;
  return near ?? last("1m", FIRST_BUCKET_US, minuteUs);
}

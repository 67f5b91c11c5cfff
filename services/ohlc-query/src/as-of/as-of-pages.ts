import {
  bucketEnd,
  bucketStart,
  FIRST_BUCKET_US,
  isOfTicks,
  LIMIT_MAX,
  type Micros,
  RangeSet,
  type TimeRange,
} from "@fx-ohlc/schemas";
import { BarPages, type BarRange } from "../bars/bar-page.js";
import type { BarsRead } from "../bars/bar-read.js";
import { type BarPart, Bars } from "../bars/bars.js";
import type { GroupedReads } from "../bars/grouped-reads.js";
import type { LastQuote } from "../bars/last-quote.js";
import type { End } from "../bars/source-read.js";
import type { TickWalk } from "../bars/tick-walk.js";
import type { Reader } from "../reader.js";
import { changedBars } from "./changes.js";
import { foldedFrom, minutesOf } from "./known-bars.js";
import { changedTicks, KnownWalk } from "./known-walk.js";
import type { Moment } from "./moment.js";
import { areVerified, noteVerified } from "./verified-chunks.js";

/** Runs of changed bars that one page is made of at most; past that those that lie closest are made as one. */
const RUNS_MAX = 200;
/** So few bars between two runs are made with them: a statement for each run costs more. */
const BETWEEN_MAX = 10;
/** Pages of bars as they are now that one page is made of at most, unless it is the last one and nothing was found yet. */
const READS_MAX = 40;
/** Where none of a page was known, as before a day was imported, the next one is so many times as long. */
const READ_GROWTH = 4;
const ROWS_MAX = 50_000;
/** Days looked through at a time for the last quote. */
const DAYS_PER_LOOK = 400;

/** Bars that are there, and the range that they are all of. */
interface There extends TimeRange {
  readonly bars: Bars;
  readonly isAll: boolean;
}

/**
 * Bars as they were known at a moment. Those that have not changed since are read as they are, from memory where they lie there;
 * the others are made anew of shorter ones, down to the ticks of the minutes that have changed.
 *
 * What is read at different times belongs together all the same: of a moment nothing changes any more.
 */
export class AsOfPages extends BarPages {
  readonly #reader: Reader;
  readonly #moment: Moment;

  constructor(reader: Reader, stored: GroupedReads, moment: Moment) {
    super(reader, stored);
    this.#reader = reader;
    this.#moment = moment;
  }

  override get areOfPast(): boolean {
    return true;
  }

  override ofOneMoment<T>(work: (pages: BarPages) => Promise<T>): Promise<T> {
    return work(this);
  }

  override underOneSnapshot<T>(work: (pages: BarPages, reader: Reader) => Promise<T>): Promise<T> {
    return work(this, this.#reader);
  }

  override get ticks(): TickWalk {
    return new KnownWalk(this.#reader, this, this.#moment);
  }

  override async lastQuote(symbol: string, beforeUs: Micros): Promise<LastQuote | undefined> {
    const boundary = this.#reader.dayBoundary;
    const range = { symbol, boundary, withQuotes: true };
    const minuteUs = bucketStart(beforeUs, "1m", boundary);
    const dayUs = bucketStart(minuteUs, "1d", boundary);
    const near = await this.first({ ...range, interval: "1s", fromUs: minuteUs, toUs: beforeUs, limit: LIMIT_MAX });
    const sameDay = await this.first({ ...range, interval: "1m", fromUs: dayUs, toUs: minuteUs, limit: LIMIT_MAX });
    let found = lastQuoteOf(near.bars) ?? lastQuoteOf(sameDay.bars);
    for (let toUs: Micros | undefined = dayUs; found === undefined && toUs !== undefined; ) {
      const days = { ...range, interval: "1d", fromUs: FIRST_BUCKET_US, toUs, limit: DAYS_PER_LOOK } as const;
      const page = await this.last(days);
      found = lastQuoteOf(page.bars);
      toUs = page.prevUs;
    }
    return found;
  }

  protected override async read(range: BarRange, end: End): Promise<BarsRead> {
    const { interval } = range;
    let rest = { ...range, toUs: Math.min(range.toUs, this.#moment.nothingFromUs) };
    if (isOfTicks(interval) || interval === "3M" || interval === "1y") return super.read(rest, end);
    const isFirst = end === "first";
    let parts: readonly BarPart[] = [];
    for (let reads = 1; ; reads += 1) {
      const there = await this.#there(rest, end);
      const known = await this.#known(rest, there);
      parts = isFirst ? [...parts, ...known.parts] : [...known.parts, ...parts];
      const bars = new Bars(parts);
      if (there.isAll || bars.count > range.limit) return { bars, moreUs: undefined };
      // Who asks for the last bar takes none for an answer.
      if (reads >= READS_MAX && (isFirst || bars.count > 0))
        return { bars, moreUs: isFirst ? there.toUs : there.fromUs };
      const limit = Math.max(range.limit, Math.min(LIMIT_MAX, READ_GROWTH * rest.limit));
      rest = { ...rest, limit, ...(isFirst ? { fromUs: there.toUs } : { toUs: there.fromUs }) };
    }
  }

  /** The first or last bars as they are now. */
  async #there(range: BarRange, end: End): Promise<There> {
    const { fromUs, toUs, limit } = range;
    const { bars: all, moreUs } = await super.read(range, end);
    const bars = end === "first" ? all.first(limit + 1) : all.last(limit + 1);
    const isFull = bars.count > limit;
    const isAll = !isFull && moreUs === undefined;
    if (isAll || fromUs >= toUs) return { bars, isAll: true, fromUs, toUs };
    if (end === "first")
      return { bars, isAll, fromUs, toUs: isFull ? (bars.bucketAt(limit) ?? 0) + 1 : (moreUs ?? toUs) };
    return { bars, isAll, fromUs: isFull ? (bars.bucketAt(0) ?? 0) : (moreUs ?? fromUs), toUs };
  }

  /** The same as they were known. */
  async #known(range: BarRange, { bars, fromUs, toUs }: There): Promise<Bars> {
    const { symbol, interval, boundary } = range;
    const { knownUs } = this.#moment;
    if (fromUs >= toUs || areVerified(bars, { fromUs, toUs }, knownUs)) return bars;
    const untilUs = bucketEnd(toUs - 1, interval, boundary);
    const changed = await changedBars(this.#reader, { symbol, fromUs, toUs: untilUs }, this.#moment);
    if (changed.length === 0) {
      noteVerified(bars, { fromUs, toUs }, knownUs);
      return bars;
    }
    const parts: BarPart[] = [];
    let doneUs = Number.NEGATIVE_INFINITY;
    for (const run of runsOf(changed, { ...range, fromUs, toUs: untilUs })) {
      parts.push(...bars.between(doneUs, run.fromUs).parts);
      parts.push(...(await this.#made({ ...range, ...run })).parts);
      doneUs = run.toUs;
    }
    return new Bars([...parts, ...bars.between(doneUs, Number.POSITIVE_INFINITY).parts]);
  }

  /** The bars of a range of whole buckets in which something has changed, made anew. */
  #made(range: BarRange): Promise<Bars> {
    if (range.interval !== "1m") return foldedFrom((shorter) => this.first(shorter), range);
    const { symbol, fromUs, toUs, withQuotes, boundary } = range;
    const ticks = { symbol, fromUs, toUs, withQuotes, rowsMax: ROWS_MAX };
    return minutesOf(changedTicks(this.#reader, ticks, this.#moment), boundary);
  }
}

/** The whole buckets of a range that changes lie in, adjacent ones together; those that begin before it are not of it. */
function runsOf(changed: readonly TimeRange[], { interval, boundary, fromUs, toUs }: BarRange): readonly TimeRange[] {
  const atOrAfter = (us: Micros) => {
    const startUs = bucketStart(us, interval, boundary);
    return startUs === us ? us : bucketEnd(us, interval, boundary);
  };
  const firstUs = atOrAfter(fromUs);
  const runs = new RangeSet(RUNS_MAX, BETWEEN_MAX * (bucketEnd(firstUs, interval, boundary) - firstUs));
  for (const change of changed) {
    const startUs = bucketStart(change.fromUs, interval, boundary);
    runs.add(Math.max(firstUs, startUs), atOrAfter(Math.min(change.toUs, toUs)));
  }
  return runs.take();
}

function lastQuoteOf(bars: Bars): LastQuote | undefined {
  const { bucketUs, quotes } = bars.arrays();
  const place = quotes?.quoteCount.findLastIndex((count) => count > 0) ?? -1;
  if (quotes === undefined || place < 0) return undefined;
  return { bucketUs: bucketUs[place] ?? 0, bid: quotes.bidClose[place] ?? 0, ask: quotes.askClose[place] ?? 0 };
}

import {
  type DayBoundary,
  dayPartUs,
  fixedLengthUs,
  type Interval,
  isOfTicks,
  type Micros,
  parseStoredInterval,
  type StoredInterval,
  type SymbolRange,
  sameBoundary,
  US_PER_DAY,
  US_PER_HOUR,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { type BarRead, type BarsRead, StoredRead } from "./bar-read.js";
import { Bars } from "./bars.js";
import { FoldedRead } from "./folded-read.js";
import type { GroupedReads } from "./grouped-reads.js";
import { type LastQuote, readLastQuote } from "./last-quote.js";
import { readOfMonths } from "./months-read.js";
import { type OfTicks, readSeconds } from "./seconds-read.js";
import { Series } from "./series.js";
import type { End } from "./source-read.js";
import { TickWalk } from "./tick-walk.js";
import type { Wanted } from "./walk.js";
import { WholeSpanRead } from "./whole-span-read.js";

/** Which bars to read: those of one symbol whose bucket starts within [fromUs, toUs), `limit` of them. */
export interface BarRange extends SymbolRange {
  readonly interval: Interval;
  /** Matters only to intervals of two hours or more. */
  readonly boundary: DayBoundary;
  readonly limit: number;
  /** Whether to read what quotes were in them, too. */
  readonly withQuotes: boolean;
}

/** The first bars of a range, and where to go on when there are more. */
export interface BarPage<Rows = Bars> {
  readonly bars: Rows;
  readonly nextUs: Micros | undefined;
}

/** The last bars of a range, and before what to go on when there are more. */
export interface LastBars<Rows = Bars> {
  readonly bars: Rows;
  readonly prevUs: Micros | undefined;
}

/** The stored interval whose bars are exactly these, if there is one: days only with the boundary they are stored with. */
export function storedAs(interval: Interval, boundary: DayBoundary, stored: DayBoundary): StoredInterval | undefined {
  const same = parseStoredInterval(interval);
  return same === "day" && !sameBoundary(boundary, stored) ? undefined : same;
}

/** The stored bars that others are folded from. */
function foldedFrom(interval: Interval, boundary: DayBoundary, stored: DayBoundary): StoredInterval {
  if ((fixedLengthUs(interval) ?? dayPartUs(interval) ?? US_PER_DAY) < US_PER_HOUR) return "minute";
  const isOfDays = interval === "1w" || interval === "1M";
  return isOfDays && sameBoundary(boundary, stored) ? "day" : "hour";
}

/** There was to be one read only: another one would be of another moment. */
class AnotherReadError extends Error {
  override readonly name = "AnotherReadError";
}

/**
 * Reads bars of any interval of time. Those of a minute and more come from stored bars, and as far as they are closed from memory:
 *
 * - 1m, 1h, and 1d with the stored day boundary are stored as they are;
 * - 2m to 45m are folded from minutes;
 * - 2h to 1d, and 1w and 1M with a boundary of their own, from hours, or from minutes where the zone's offset has a part-hour;
 * - 1w and 1M with the stored boundary from days;
 * - 3M and 1y from 1M.
 *
 * 1s to 30s are folded from ticks, and not kept.
 */
export class BarPages {
  readonly #reader: Reader;
  readonly #stored: GroupedReads;
  /** Reads there may be yet. */
  #readsLeft: number;

  /**
   * @param stored of all requests
   * @param readsMax after so many reads, others have to be of one moment with them
   */
  constructor(reader: Reader, stored: GroupedReads, readsMax = Number.POSITIVE_INFINITY) {
    this.#reader = reader;
    this.#stored = stored;
    this.#readsLeft = readsMax;
  }

  /**
   * Runs work whose reads are of one moment. Its first read is as any other; when there is another, it is begun again with all of its
   * reads under one snapshot.
   */
  async ofOneMoment<T>(work: (pages: BarPages) => Promise<T>): Promise<T> {
    try {
      return await work(new BarPages(this.#reader, this.#stored, 1));
    } catch (error) {
      if (!(error instanceof AnotherReadError)) throw error;
    }
    return this.underOneSnapshot(work);
  }

  /**
   * Runs work all of whose reads are under one snapshot, also those of its reader.
   *
   * @param isLong whether it may take seconds
   */
  underOneSnapshot<T>(work: (pages: BarPages, reader: Reader) => Promise<T>, isLong = false): Promise<T> {
    const ofIt = (reader: Reader) => work(new BarPages(reader, this.#stored.within(reader)), reader);
    return this.#reader.underOneSnapshot(ofIt, isLong);
  }

  /** Whether they are as they were known at a moment of the past. */
  get areOfPast(): boolean {
    return false;
  }

  /** The first `limit` bars. @throws what {@link Reader.read} throws */
  async first(range: BarRange): Promise<BarPage> {
    const { bars, moreUs } = await this.read(range, "first");
    return { bars: bars.first(range.limit), nextUs: bars.bucketAt(range.limit) ?? moreUs };
  }

  /** The last `limit` bars. @throws what {@link Reader.read} throws */
  async last(range: BarRange): Promise<LastBars> {
    const { bars, moreUs } = await this.read(range, "last");
    const last = bars.last(range.limit);
    return { bars: last, prevUs: bars.count > range.limit ? last.bucketAt(0) : moreUs };
  }

  /** The last quote before a bucket. @throws what {@link Reader.read} throws */
  async lastQuote(symbol: string, beforeUs: Micros): Promise<LastQuote | undefined> {
    // It may take some statements.
    this.#count(2);
    return readLastQuote(this.#reader, symbol, beforeUs);
  }

  /** Reads ticks, and finds by the minutes where there are any. */
  get ticks(): TickWalk {
    return new TickWalk(this.#reader, this);
  }

  /** The bars of one end of a range, one more than are wanted where there are as many. */
  protected read(range: BarRange, end: End): Promise<BarsRead> {
    const { interval, fromUs, toUs, limit } = range;
    if (fromUs >= toUs) return Promise.resolve({ bars: Bars.NONE, moreUs: undefined });
    // One more than is answered shows whether there is another page.
    const rowsMax = limit + 1;
    if (isOfTicks(interval)) return this.#readSeconds({ ...range, interval, rowsMax }, end);
    if (interval === "3M" || interval === "1y") {
      return readOfMonths((months) => this.read(months, end), { ...range, interval, rowsMax }, end);
    }
    const wanted = this.#wantedOf(range, rowsMax);
    if (wanted.fromUs >= wanted.toUs) return Promise.resolve({ bars: Bars.NONE, moreUs: undefined });
    this.#count(1);
    const { dayBoundary, ending } = this.#reader;
    return this.#stored.read(() => readOf(wanted, end, dayBoundary), ending);
  }

  /** Ticks are read in some statements. */
  #readSeconds(range: OfTicks, end: End): Promise<BarsRead> {
    this.#count(2);
    return this.underOneSnapshot(({ ticks }) => readSeconds(ticks, range, end), true);
  }

  #wantedOf({ symbol, interval, boundary, fromUs, toUs, withQuotes }: BarRange, rowsMax: number): Wanted {
    const { dayBoundary } = this.#reader;
    const stored = storedAs(interval, boundary, dayBoundary);
    if (stored !== undefined) {
      return { series: new Series(symbol, interval, boundary, stored, true, withQuotes), fromUs, toUs, rowsMax };
    }
    const source = foldedFrom(interval, boundary, dayBoundary);
    const series = new Series(symbol, interval, boundary, source, false, withQuotes);
    return { series, fromUs: series.atOrAfter(fromUs), toUs: series.atOrAfter(toUs), rowsMax };
  }

  #count(reads: number): void {
    this.#readsLeft -= reads;
    if (this.#readsLeft < 0) throw new AnotherReadError();
  }
}

/** The last bars begin where those that are held end. */
function readOf(wanted: Wanted, end: End, dayBoundary: DayBoundary): BarRead {
  const make = (some: Wanted) =>
    some.series.isStored ? new StoredRead(some, end) : new FoldedRead(some, end, dayBoundary);
  return end === "first" ? new WholeSpanRead(wanted, make) : make(wanted);
}

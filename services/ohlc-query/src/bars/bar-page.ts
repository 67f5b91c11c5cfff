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
import { readSeconds } from "./seconds-read.js";
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

  /** @param stored of all requests */
  constructor(reader: Reader, stored: GroupedReads) {
    this.#reader = reader;
    this.#stored = stored;
  }

  /** The first `limit` bars. @throws what {@link Reader.read} throws */
  async first(range: BarRange): Promise<BarPage> {
    const { bars, moreUs } = await this.#read(range, "first");
    return { bars: bars.first(range.limit), nextUs: bars.bucketAt(range.limit) ?? moreUs };
  }

  /** The last `limit` bars. @throws what {@link Reader.read} throws */
  async last(range: BarRange): Promise<LastBars> {
    const { bars, moreUs } = await this.#read(range, "last");
    const last = bars.last(range.limit);
    return { bars: last, prevUs: bars.count > range.limit ? last.bucketAt(0) : moreUs };
  }

  /** The last quote before a bucket. @throws what {@link Reader.read} throws */
  lastQuote(symbol: string, beforeUs: Micros): Promise<LastQuote | undefined> {
    return readLastQuote(this.#reader, symbol, beforeUs);
  }

  /** Reads ticks, and finds by the minutes where there are any. */
  get ticks(): TickWalk {
    return new TickWalk(this.#reader, this);
  }

  #read(range: BarRange, end: End): Promise<BarsRead> {
    const { symbol, interval, boundary, fromUs, toUs, limit, withQuotes } = range;
    if (fromUs >= toUs) return Promise.resolve({ bars: Bars.NONE, moreUs: undefined });
    // One more than is answered shows whether there is another page.
    const rowsMax = limit + 1;
    if (isOfTicks(interval)) return readSeconds(this.ticks, { ...range, interval, rowsMax }, end);
    if (interval === "3M" || interval === "1y") {
      return readOfMonths((months) => this.#read(months, end), { ...range, interval, rowsMax }, end);
    }
    const { dayBoundary, ending } = this.#reader;
    const stored = storedAs(interval, boundary, dayBoundary);
    if (stored !== undefined) {
      const series = new Series(symbol, interval, boundary, stored, true, withQuotes);
      const wanted = { series, fromUs, toUs, rowsMax };
      return this.#stored.read(
        readOf(wanted, end, (some) => new StoredRead(some, end)),
        ending,
      );
    }
    const source = foldedFrom(interval, boundary, dayBoundary);
    const series = new Series(symbol, interval, boundary, source, false, withQuotes);
    const whole = { series, fromUs: series.atOrAfter(fromUs), toUs: series.atOrAfter(toUs), rowsMax };
    if (whole.fromUs >= whole.toUs) return Promise.resolve({ bars: Bars.NONE, moreUs: undefined });
    return this.#stored.read(
      readOf(whole, end, (some) => new FoldedRead(some, end, dayBoundary)),
      ending,
    );
  }
}

/** The last bars begin where those that are held end. */
function readOf(wanted: Wanted, end: End, make: (wanted: Wanted) => BarRead): BarRead {
  return end === "first" ? new WholeSpanRead(wanted, make) : make(wanted);
}

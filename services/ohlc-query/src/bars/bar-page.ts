import {
  type DayBoundary,
  fixedLengthUs,
  type Interval,
  type Micros,
  parseStoredInterval,
  type StoredInterval,
  type SymbolRange,
  sameBoundary,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { type BarColumns, firstBars, lastBars } from "./bar-columns.js";
import { readBinnedBars, readLastBinnedBars } from "./binned-bars.js";
import { readCalendarBars, readLastCalendarBars } from "./calendar-bars.js";
import type { GroupedReads } from "./grouped-reads.js";
import { readLastStoredBars } from "./stored-bars.js";

/** Which bars to read: those of one symbol whose bucket starts within [fromUs, toUs), `limit` of them. */
export interface BarRange extends SymbolRange {
  readonly interval: Interval;
  /** Matters only to intervals of two hours or more. */
  readonly boundary: DayBoundary;
  readonly limit: number;
}

/** The first bars of a range, and where to go on when there are more. */
export interface BarPage<Bars = BarColumns> {
  readonly bars: Bars;
  readonly nextUs: Micros | undefined;
}

/** The last bars of a range, and before what to go on when there are more. */
export interface LastBars<Bars = BarColumns> {
  readonly bars: Bars;
  readonly prevUs: Micros | undefined;
}

/** The stored interval whose bars are exactly these, if there is one: days only with the boundary they are stored with. */
export function storedAs(interval: Interval, boundary: DayBoundary, stored: DayBoundary): StoredInterval | undefined {
  const same = parseStoredInterval(interval);
  return same === "day" && !sameBoundary(boundary, stored) ? undefined : same;
}

/**
 * Reads bars of any interval from stored bars, never from ticks:
 *
 * - 1m, 1h, and 1d with the stored day boundary are stored as they are;
 * - 2m to 30m are folded from minutes;
 * - 2h to 1d, and 1w and 1M with a boundary of their own, from hours, or from minutes where the zone's offset has a part-hour;
 * - 1w and 1M with the stored boundary from days.
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
    const { bars, nextUs } = await this.#readFirst(range, range.limit + 1);
    return { bars: firstBars(bars, range.limit), nextUs: bars.bucketUs[range.limit] ?? nextUs };
  }

  /** The last `limit` bars. @throws what {@link Reader.read} throws */
  async last(range: BarRange): Promise<LastBars> {
    const { bars, prevUs } = await this.#readLast(range, range.limit + 1);
    const last = lastBars(bars, range.limit);
    return { bars: last, prevUs: last === bars ? prevUs : last.bucketUs[0] };
  }

  async #readFirst(range: BarRange, rowsMax: number): Promise<BarPage> {
    const { interval, boundary } = range;
    const stored = storedAs(interval, boundary, this.#reader.dayBoundary);
    if (stored !== undefined) {
      const bars = await this.#stored.read({ ...range, interval: stored, rowsMax }, this.#reader.ending);
      return { bars, nextUs: undefined };
    }
    const lengthUs = fixedLengthUs(interval);
    if (lengthUs === undefined) return readCalendarBars(this.#reader, { ...range, rowsMax });
    return { bars: await readBinnedBars(this.#reader, { ...range, lengthUs, rowsMax }), nextUs: undefined };
  }

  async #readLast(range: BarRange, rowsMax: number): Promise<LastBars> {
    const { interval, boundary } = range;
    const stored = storedAs(interval, boundary, this.#reader.dayBoundary);
    if (stored !== undefined) {
      const bars = await readLastStoredBars(this.#reader, { ...range, interval: stored, rowsMax });
      return { bars, prevUs: undefined };
    }
    const lengthUs = fixedLengthUs(interval);
    if (lengthUs === undefined) return readLastCalendarBars(this.#reader, { ...range, rowsMax });
    return { bars: await readLastBinnedBars(this.#reader, { ...range, lengthUs, rowsMax }), prevUs: undefined };
  }
}

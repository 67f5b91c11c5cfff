import {
  type DayBoundary,
  type Interval,
  type Micros,
  parseStoredInterval,
  type StoredInterval,
  sameBoundary,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { type BarColumns, firstBars } from "./bar-columns.js";
import { readDerivedBars } from "./derived-bars.js";
import { GroupedReads } from "./grouped-reads.js";

/** Which bars to read: those of one symbol whose bucket starts within [fromUs, toUs), the first `limit` of them. */
export interface BarRange {
  readonly interval: Interval;
  /** Matters only to intervals of two hours or more. */
  readonly boundary: DayBoundary;
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly limit: number;
}

/** One answer's bars, and the start of the next answer when there are more. */
export interface BarPage {
  readonly bars: BarColumns;
  readonly nextUs: Micros | undefined;
}

/** The stored interval whose bars are exactly these, if there is one: days only with the boundary they are stored with. */
function storedAs({ interval, boundary }: BarRange, stored: DayBoundary): StoredInterval | undefined {
  const same = parseStoredInterval(interval);
  return same === "day" && !sameBoundary(boundary, stored) ? undefined : same;
}

/** Reads bars of any interval: stored ones as they are, any other derived from them. */
export class BarPages {
  readonly #reader: Reader;
  readonly #stored: GroupedReads;

  constructor(reader: Reader) {
    this.#reader = reader;
    this.#stored = new GroupedReads(reader);
  }

  /** @throws what {@link Reader.read} throws */
  async read(range: BarRange): Promise<BarPage> {
    const rowsMax = range.limit + 1;
    const interval = storedAs(range, this.#reader.dayBoundary);
    const { bars, nextUs } =
      interval === undefined
        ? await readDerivedBars(this.#reader, { ...range, rowsMax })
        : { bars: await this.#stored.read({ ...range, interval, rowsMax }), nextUs: undefined };
    return { bars: firstBars(bars, range.limit), nextUs: bars.bucketUs[range.limit] ?? nextUs };
  }
}

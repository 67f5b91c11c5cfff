import type { Micros } from "@fx-ohlc/schemas";
import { type BarArrays, type BarColumns, eachColumn, NO_BARS, placeOf } from "./bar-columns.js";
import type { Chunk } from "./chunk.js";
import { eachQuoteColumn } from "./quote-columns.js";

/** Some bars one after the other: those at the places [from, to) of a chunk, or of columns that were read for one answer. */
export interface BarPart {
  readonly chunk: Chunk | undefined;
  readonly columns: BarColumns;
  readonly from: number;
  readonly to: number;
}

/** All bars of some columns. */
export function partOf(columns: BarColumns): BarPart {
  return { chunk: undefined, columns, from: 0, to: columns.bucketUs.length };
}

/** The bars of an answer, ascending, where they lie: nothing is copied before somebody asks for it. */
export class Bars {
  static readonly NONE = new Bars([]);

  readonly parts: readonly BarPart[];
  readonly count: number;

  /** @param parts each starts after the one before it ends */
  constructor(parts: readonly BarPart[]) {
    this.parts = parts.filter(({ from, to }) => to > from);
    this.count = this.parts.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Where the bar at a place starts. */
  bucketAt(place: number): Micros | undefined {
    let before = 0;
    for (const { columns, from, to } of this.parts) {
      if (place < before + to - from) return columns.bucketUs[from + place - before];
      before += to - from;
    }
    return undefined;
  }

  /** The bars at the places [from, to). */
  slice(from: number, to: number): Bars {
    if (from <= 0 && to >= this.count) return this;
    const parts: BarPart[] = [];
    let before = 0;
    for (const part of this.parts) {
      const length = part.to - part.from;
      const first = Math.max(from - before, 0);
      const last = Math.min(to - before, length);
      if (first < last) parts.push({ ...part, from: part.from + first, to: part.from + last });
      before += length;
    }
    return new Bars(parts);
  }

  first(count: number): Bars {
    return this.slice(0, count);
  }

  last(count: number): Bars {
    return this.slice(this.count - count, this.count);
  }

  /** Those that start within [fromUs, toUs). */
  between(fromUs: Micros, toUs: Micros): Bars {
    return new Bars(
      this.parts.map((part) => ({
        ...part,
        from: Math.max(part.from, placeOf(part.columns, fromUs)),
        to: Math.min(part.to, placeOf(part.columns, toUs)),
      })),
    );
  }

  /** A copy in plain arrays. */
  arrays(): BarArrays {
    if (this.count === 0) return NO_BARS;
    const bars = eachColumn((name) => this.#array(({ [name]: column }) => column));
    if (this.parts[0]?.columns.quotes === undefined) return bars;
    return { ...bars, quotes: eachQuoteColumn((name) => this.#array(({ quotes }) => quotes?.[name])) };
  }

  #array(columnOf: (columns: BarColumns) => ArrayLike<number> | undefined): number[] {
    const values = new Array<number>(this.count);
    let place = 0;
    for (const { columns, from, to } of this.parts) {
      const column = columnOf(columns);
      for (let i = from; i < to; i += 1) values[place++] = column?.[i] ?? 0;
    }
    return values;
  }
}

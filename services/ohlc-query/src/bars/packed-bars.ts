import { type BarColumns, COLUMNS, eachColumn } from "./bar-columns.js";
import type { BarPart } from "./bars.js";
import { eachQuoteColumn, QUOTE_COLUMNS } from "./quote-columns.js";

const BYTES_PER_NUMBER = 8;
/** What one bar takes, and its quotes besides. */
const BYTES_PER_BAR = COLUMNS.length * BYTES_PER_NUMBER;
const BYTES_OF_QUOTES = QUOTE_COLUMNS.length * BYTES_PER_NUMBER;

type Packed<Name extends string> = Readonly<Record<Name, Float64Array>>;

/** Bars that are kept: doubles in one piece of memory outside of the garbage collector's. */
export interface PackedBars extends Packed<(typeof COLUMNS)[number]> {
  readonly quotes?: Packed<(typeof QUOTE_COLUMNS)[number]>;
}

/** The memory of some bars. */
export function bytesOfBars({ bucketUs, quotes }: PackedBars): number {
  return bucketUs.length * (BYTES_PER_BAR + (quotes === undefined ? 0 : BYTES_OF_QUOTES));
}

/** Copies bars from where they lie. */
export function packBars(parts: readonly BarPart[]): PackedBars {
  const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const hasQuotes = parts.some(({ columns }) => columns.quotes !== undefined);
  const memory = new ArrayBuffer(count * (BYTES_PER_BAR + (hasQuotes ? BYTES_OF_QUOTES : 0)));
  let offset = 0;
  const pack = (columnOf: (columns: BarColumns) => ArrayLike<number> | undefined) => {
    const values = new Float64Array(memory, offset, count);
    offset += values.byteLength;
    let place = 0;
    for (const { columns, from, to } of parts) place = copy(columnOf(columns) ?? [], from, to, values, place);
    return values;
  };
  const bars = eachColumn((name) => pack(({ [name]: column }) => column));
  return hasQuotes ? { ...bars, quotes: eachQuoteColumn((name) => pack(({ quotes }) => quotes?.[name])) } : bars;
}

function copy(source: ArrayLike<number>, from: number, to: number, target: Float64Array, at: number): number {
  if (source instanceof Float64Array) {
    target.set(source.subarray(from, to), at);
    return at + to - from;
  }
  let place = at;
  for (let i = from; i < to; i += 1) target[place++] = source[i] ?? 0;
  return place;
}

import { COLUMNS, eachColumn } from "./bar-columns.js";
import type { BarPart } from "./bars.js";

const BYTES_PER_NUMBER = 8;
/** What one bar takes. */
export const BYTES_PER_BAR = COLUMNS.length * BYTES_PER_NUMBER;

/** Bars that are kept: doubles in one piece of memory outside of the garbage collector's. */
export type PackedBars = Readonly<Record<(typeof COLUMNS)[number], Float64Array>>;

/** Copies bars from where they lie. */
export function packBars(parts: readonly BarPart[]): PackedBars {
  const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const memory = new ArrayBuffer(count * BYTES_PER_BAR);
  let column = 0;
  return eachColumn((name) => {
    const values = new Float64Array(memory, count * BYTES_PER_NUMBER * column++, count);
    let place = 0;
    for (const { columns, from, to } of parts) place = copy(columns[name], from, to, values, place);
    return values;
  });
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

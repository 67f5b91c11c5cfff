import { type Micros, parseTime } from "@fx-ohlc/schemas";

/**
 * A column of an answer as `string_agg(float8send(…), '')` gives it: PostgreSQL's binary values, eight bytes each, laid end to
 * end; null without a row. To print 60 bars as text costs PostgreSQL three times as much as to find them, and rows cost the
 * driver another 100 µs; this way both together take some 60 µs, and no digit is ever in doubt.
 */
export type BinaryColumn = Buffer | null;

const BYTES = 8;
const HIGH_WORD = 2 ** 32;

/** A view reads a third faster than the methods of Buffer. */
function values(column: BinaryColumn, read: (view: DataView, offset: number) => number): number[] {
  if (column === null) return [];
  const view = new DataView(column.buffer, column.byteOffset, column.length);
  const result = new Array<number>(column.length / BYTES);
  for (let i = 0; i < result.length; i += 1) result[i] = read(view, i * BYTES);
  return result;
}

/** Doubles sent by `float8send`. */
export function float8s(column: BinaryColumn): number[] {
  return values(column, (view, offset) => view.getFloat64(offset));
}

/** Integers sent by `int8send`, exact to 2^53. */
export function int8s(column: BinaryColumn): number[] {
  return values(column, (view, offset) => view.getInt32(offset) * HIGH_WORD + view.getUint32(offset + 4));
}

/** PostgreSQL counts the microseconds of an instant from here. */
const POSTGRES_EPOCH_US = parseTime("2000-01-01T00:00:00Z") ?? 0;

/** Instants sent by `timestamptz_send`. */
export function instants(column: BinaryColumn): Micros[] {
  const result = int8s(column);
  for (let i = 0; i < result.length; i += 1) result[i] = (result[i] ?? 0) + POSTGRES_EPOCH_US;
  return result;
}

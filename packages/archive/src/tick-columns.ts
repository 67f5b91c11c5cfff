import { createHash, type Hash } from "node:crypto";
import { ROWS_PER_GROUP } from "./layout.js";

/** Stands for no side: a side is above 0. */
export const NO_SIDE = 0;
/** Stands for no time. */
export const NO_TIME = -(2n ** 63n);

/**
 * Ticks of one symbol by columns, ordered by (time, seq). Times are microseconds since 1970. Only the first `count` rows are of any
 * meaning. The columns of a row group, and a part of one for a reader of a range.
 */
export interface TickColumns {
  readonly count: number;
  readonly time: BigInt64Array;
  readonly seq: Int16Array;
  readonly price: Float64Array;
  /** {@link NO_SIDE} of a single price. */
  readonly bid: Float64Array;
  readonly ask: Float64Array;
  /** {@link NO_TIME} of a tick stored before that was kept. */
  readonly recordedAt: BigInt64Array;
}

/** Columns for so many rows, all of them empty. */
export function makeColumns(rows = ROWS_PER_GROUP): Omit<TickColumns, "count"> {
  return {
    time: new BigInt64Array(rows),
    seq: new Int16Array(rows),
    price: new Float64Array(rows),
    bid: new Float64Array(rows),
    ask: new Float64Array(rows),
    recordedAt: new BigInt64Array(rows),
  };
}

/**
 * The checksum of the rows of a day, however they are coded: SHA-256 over the columns of each row group, one after the other, as
 * little-endian numbers.
 */
export class RowsChecksum {
  private readonly hash: Hash = createHash("sha256");

  /** @param columns a whole row group, of {@link ROWS_PER_GROUP}; only the last one has fewer */
  add({ count, time, seq, price, bid, ask, recordedAt }: TickColumns): void {
    for (const column of [time, seq, price, bid, ask, recordedAt]) {
      this.hash.update(new Uint8Array(column.buffer, column.byteOffset, count * column.BYTES_PER_ELEMENT));
    }
  }

  /** Hexadecimal. */
  digest(): string {
    return this.hash.digest("hex");
  }
}

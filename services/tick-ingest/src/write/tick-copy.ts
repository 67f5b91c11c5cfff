import type { Transaction } from "@fx-ohlc/database";
import type { Tick } from "@fx-ohlc/schemas";

/**
 * PostgreSQL's binary COPY format, https://www.postgresql.org/docs/current/sql-copy.html: a header, then of each row the number of
 * its fields and each field behind its length, and -1 in the end.
 */
const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const TRAILER_BYTES = 2;
const FIELDS = 4;
/** Of a row without its symbol's letters. */
const ROW_BYTES = 36;
/** PostgreSQL counts time from 2000-01-01. */
const EPOCH_US = 946_684_800_000_000;
const TWO_TO_32 = 2 ** 32;

/** The rows of some ticks as COPY reads them. Symbols are ASCII. */
export function encodeTicks(ticks: readonly Tick[]): Buffer {
  let size = HEADER.length + TRAILER_BYTES;
  for (const { symbol } of ticks) size += ROW_BYTES + symbol.length;
  const buffer = Buffer.allocUnsafe(size);
  const view = new DataView(buffer.buffer, buffer.byteOffset, size);
  let at = HEADER.copy(buffer);
  for (const { symbol, timeUs, seq, price } of ticks) {
    view.setInt16(at, FIELDS);
    view.setInt32(at + 2, symbol.length);
    at += 6;
    for (let letter = 0; letter < symbol.length; letter += 1) buffer[at + letter] = symbol.charCodeAt(letter);
    at += symbol.length;
    const us = timeUs - EPOCH_US;
    const high = Math.floor(us / TWO_TO_32);
    view.setInt32(at, 8);
    view.setInt32(at + 4, high);
    view.setUint32(at + 8, us - high * TWO_TO_32);
    view.setInt32(at + 12, 2);
    view.setInt16(at + 16, seq);
    view.setInt32(at + 18, 8);
    view.setFloat64(at + 22, price);
    at += 30;
  }
  view.setInt16(at, -1);
  return buffer;
}

/**
 * Stores ticks whose places are all free, and commits.
 *
 * The rows go out right behind the statement and the commit behind them, without waiting for an answer: the server has all it
 * needs when it gets to them, and the symbols' locks are given back as soon as they can be. Where the COPY fails, or is not begun
 * because something before it failed, the rows are passed over and the commit ends a transaction that came to nothing. (And chain:
 * what `begin` of postgres.js sends after it ends an empty transaction, without a warning in the server's log each time.)
 *
 * @param rows as {@link encodeTicks} makes them
 * @throws PostgresError 23505 when a place is taken
 */
export function copyAndCommit(transaction: Transaction, rows: Buffer): Promise<unknown> {
  const copying = transaction.unsafe("copy ticks (symbol, time, seq, price) from stdin (format binary)", [], {
    copy: rows,
  });
  return Promise.all([copying.execute(), transaction`commit and chain`.execute()]);
}

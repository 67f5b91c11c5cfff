import type { Transaction } from "@fx-ohlc/database";
import type { Tick } from "@fx-ohlc/schemas";

/**
 * PostgreSQL's binary COPY format, https://www.postgresql.org/docs/current/sql-copy.html: a header, then of each row the number of
 * its fields and each field behind its length, and -1 in the end.
 */
const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const TRAILER_BYTES = 2;
/** Of a row of four columns, without its symbol's letters. */
const ROW_BYTES = 36;
/** What two sides take more, or two nulls in their places. */
const SIDES_BYTES = 24;
const NULLS_BYTES = 8;
const NULL_LENGTH = -1;
/** PostgreSQL counts time from 2000-01-01. */
const EPOCH_US = 946_684_800_000_000;
const TWO_TO_32 = 2 ** 32;

/** Ticks as COPY reads them. */
export interface CopyRows {
  readonly bytes: Buffer;
  /** Whether there are columns for two sides, which single prices alone do without. */
  readonly haveSides: boolean;
}

/** The rows of some ticks as COPY reads them. Symbols are ASCII. */
export function encodeTicks(ticks: readonly Tick[]): CopyRows {
  const haveSides = ticks.some(({ bid }) => bid !== undefined);
  const size = ticks.reduce((sum, tick) => sum + rowBytes(tick, haveSides), HEADER.length + TRAILER_BYTES);
  const bytes = Buffer.allocUnsafe(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  let at = HEADER.copy(bytes);
  for (const tick of ticks) {
    view.setInt16(at, haveSides ? 6 : 4);
    at = writeTick(bytes, view, at + 2, tick);
    if (haveSides) at = writeSides(view, at, tick);
  }
  view.setInt16(at, -1);
  return { bytes, haveSides };
}

function rowBytes({ symbol, bid }: Tick, haveSides: boolean): number {
  if (!haveSides) return ROW_BYTES + symbol.length;
  return ROW_BYTES + symbol.length + (bid === undefined ? NULLS_BYTES : SIDES_BYTES);
}

/** @returns where it ends */
function writeTick(bytes: Buffer, view: DataView, from: number, { symbol, timeUs, seq, price }: Tick): number {
  let at = from;
  view.setInt32(at, symbol.length);
  at += 4;
  for (let letter = 0; letter < symbol.length; letter += 1) bytes[at + letter] = symbol.charCodeAt(letter);
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
  return at + 30;
}

/** @returns where they end */
function writeSides(view: DataView, at: number, { bid, ask }: Tick): number {
  if (bid === undefined || ask === undefined) {
    view.setInt32(at, NULL_LENGTH);
    view.setInt32(at + 4, NULL_LENGTH);
    return at + NULLS_BYTES;
  }
  view.setInt32(at, 8);
  view.setFloat64(at + 4, bid);
  view.setInt32(at + 12, 8);
  view.setFloat64(at + 16, ask);
  return at + SIDES_BYTES;
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
export function copyAndCommit(transaction: Transaction, { bytes, haveSides }: CopyRows): Promise<unknown> {
  const columns = haveSides ? "symbol, time, seq, price, bid, ask" : "symbol, time, seq, price";
  const copying = transaction.unsafe(`copy ticks (${columns}) from stdin (format binary)`, [], { copy: bytes });
  return Promise.all([copying.execute(), transaction`commit and chain`.execute()]);
}

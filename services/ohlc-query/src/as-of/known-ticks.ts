import type { SymbolRange } from "@fx-ohlc/schemas";
import {
  cursorOf,
  eachKind,
  readKeptTickPiece,
  readPieceBy,
  type SingleTicks,
  type TickPiece,
  tickStatement,
} from "../bars/tick-source.js";
import type { Reader } from "../reader.js";
import { haveTicksChanged } from "./changes.js";
import type { Moment } from "./moment.js";

/**
 * The ticks that are there, without those recorded later, and those that have been replaced since. (Of a tick that was deleted and
 * stored again by transactions that began in the other order both may be found; the later one is taken.)
 */
const STATEMENTS = eachKind((kind) => {
  const known = (relation: string, isThere = "") => `
         select time, seq, price, bid, ask, recorded_at
           from ${relation}
          where symbol = $1 and ${cursorOf(kind)} and (recorded_at is null or recorded_at <= $6)${isThere}`;
  return tickStatement(
    kind,
    `select distinct on (time, seq) time, seq, price, bid::float8 as bid, ask::float8 as ask
       from (${known("ticks")}
             union all${known("tick_history", " and removed_at > $6")}) known
      where time >= (select dropped_before from retention_mark)
      order by time ${kind.order}, seq ${kind.order}, recorded_at desc nulls last
      limit $5`,
  );
});

/** Reads ticks as they were known, whatever has changed. */
export function readChangedPiece(reader: Reader, piece: TickPiece, { knownUs }: Moment): Promise<SingleTicks> {
  return reader.read((sql) => readPieceBy(sql, STATEMENTS, piece, [knownUs]));
}

/** Reads ticks as they were known: those that are there, where nothing has changed. */
export async function readKnownPiece(reader: Reader, piece: TickPiece, moment: Moment): Promise<SingleTicks> {
  const there = await reader.read((sql) => readKeptTickPiece(sql, piece));
  const isChanged = await haveTicksChanged(reader, readRange(piece, there), moment);
  return isChanged ? readChangedPiece(reader, piece, moment) : there;
}

/** The range that the ticks of a piece are all of. */
function readRange({ symbol, fromUs, toUs, rowsMax, order }: TickPiece, { columns, seq }: SingleTicks): SymbolRange {
  const isFull = seq.length >= rowsMax;
  if (order === "asc") return { symbol, fromUs, toUs: isFull ? (columns.bucketUs.at(-1) ?? fromUs) + 1 : toUs };
  return { symbol, fromUs: isFull ? (columns.bucketUs[0] ?? fromUs) : fromUs, toUs: toUs + 1 };
}

import type { DayCoding } from "@fx-ohlc/archive";
import { formatTime, type Micros, parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import type { SymbolDay } from "../changed-days.js";
import { literal } from "../session.js";
import type { Queries, Sql } from "../sql.js";
import { ROWS_PER_SLICE } from "./pace.js";

/** What PostgreSQL sends of a row comes by itself; so much of it goes to the thread that codes at a time. */
const GATHERED_BYTES = 1 << 18;

/** When a UTC day begins. */
export function startOf(date: string): Micros {
  const us = parseTime(`${date}T00:00:00Z`);
  if (us === undefined) throw new Error(`${date} is no date`);
  return us;
}

/**
 * Reads the ticks of a day in their order, slice by slice, and hands them to whoever codes them.
 *
 * @param onSlice told of each slice that was coded: pieces of the file, and how many rows it had
 */
export async function readDay(
  sql: Sql,
  { symbol, date }: SymbolDay,
  coding: DayCoding,
  onSlice: (pieces: readonly Uint8Array[], rows: number) => Promise<void>,
  sliceRows = ROWS_PER_SLICE,
): Promise<void> {
  const fromUs = startOf(date);
  const range = `symbol = ${literal(symbol)} and time < ${instant(fromUs + US_PER_DAY)}`;
  let behind = `time >= ${instant(fromUs)}`;
  let read = 0;
  for (;;) {
    await copySlice(sql, `${range} and ${behind}`, sliceRows, coding);
    const { pieces, ticks, lastUs, lastSeq } = await coding.endCopy();
    const rows = ticks - read;
    read = ticks;
    await onSlice(pieces, rows);
    if (rows < sliceRows) return;
    behind = `time >= ${instant(lastUs)} and (time > ${instant(lastUs)} or seq > ${lastSeq})`;
  }
}

function instant(us: Micros): string {
  return `timestamptz ${literal(formatTime(us))}`;
}

/** On a connection of its own: the pool would send other statements behind a COPY that is under way. */
async function copySlice(sql: Sql, condition: string, rows: number, coding: DayCoding): Promise<void> {
  const session = await sql.reserve();
  try {
    await copyRows(session, condition, rows, coding);
  } finally {
    session.release();
  }
}

/** A COPY takes no parameters. */
async function copyRows(session: Queries, condition: string, rowsMax: number, coding: DayCoding): Promise<void> {
  const rows = await session
    .unsafe(
      `copy (select time, seq, price, bid, ask, recorded_at from ticks where ${condition}
              order by time, seq limit ${rowsMax}) to stdout (format binary)`,
    )
    .readable();
  let gathered: Buffer[] = [];
  let bytes = 0;
  const handOver = () => {
    coding.add(new Uint8Array(Buffer.concat(gathered)));
    gathered = [];
    bytes = 0;
  };
  try {
    await new Promise<void>((resolve, reject) => {
      rows.on("data", (row: Buffer) => {
        gathered.push(row);
        bytes += row.length;
        if (bytes >= GATHERED_BYTES) handOver();
      });
      rows.on("end", resolve);
      rows.on("error", reject);
      rows.on("close", () => reject(new Error("the connection ended within a copy")));
    });
  } finally {
    // What comes at once and is more than a stream holds (some hundred rows) pauses the connection until the stream is read from; one
    // that has ended is not read from any more, and whoever had the connection next waited for ever.
    rows._read(0);
  }
  handOver();
}

import { type Micros, type SymbolRange, type TimeRange, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { type BinaryColumn, instants } from "../binary-columns.js";
import type { Reader } from "../reader.js";

/**
 * Nothing but the starts of minutes that have ticks: an index holds them, so that no bar is read, and to hand them over costs a third
 * of what it takes PostgreSQL to compare each with the one before it.
 */
const READ_STARTS = `
  select string_agg(timestamptz_send(bucket), '') as starts
    from ohlc_minute
   where symbol = $1 and bucket >= $2 and bucket < $3`;

/** Some 350 kB of starts at a time. */
const PIECE_US = 31 * US_PER_DAY;

/**
 * Runs of minutes without a tick, ascending. What nobody asks for any more is not read.
 *
 * @param range whole minutes
 */
export async function* emptyMinutes(reader: Reader, { symbol, fromUs, toUs }: SymbolRange): AsyncGenerator<TimeRange> {
  let emptyFromUs = fromUs;
  for (let pieceUs = fromUs; pieceUs < toUs; pieceUs += PIECE_US) {
    const pieceToUs = Math.min(pieceUs + PIECE_US, toUs);
    for (const us of await readStarts(reader, { symbol, fromUs: pieceUs, toUs: pieceToUs })) {
      if (us > emptyFromUs) yield { fromUs: emptyFromUs, toUs: us };
      emptyFromUs = us + US_PER_MINUTE;
    }
  }
  if (emptyFromUs < toUs) yield { fromUs: emptyFromUs, toUs };
}

async function readStarts(reader: Reader, { symbol, fromUs, toUs }: SymbolRange): Promise<Micros[]> {
  const [row] = await reader.read((sql) =>
    sql.unsafe<{ starts: BinaryColumn }[]>(READ_STARTS, [symbol, fromUs, toUs], { prepare: true }),
  );
  const starts = instants(row?.starts ?? null);
  // An index gives them in order; where PostgreSQL has gone about it otherwise they are put in order here.
  return starts.every((us, i) => i === 0 || us > (starts[i - 1] ?? us)) ? starts : starts.sort((a, b) => a - b);
}

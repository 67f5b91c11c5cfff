import { US_PER_HOUR } from "@fx-ohlc/schemas";
import { gathered } from "../bytes/blocks.js";
import { unlzma } from "../bytes/lzma.js";
import { pointsToDecimal } from "../decimal.js";
import type { Facts } from "../place.js";
import { chosenPrices, type PriceChoice, priceNames } from "../quote.js";
import type { Position } from "../text/line-splitter.js";
import { type BadLine, type FileTick, UnreadableError } from "../tick.js";
import { type HourFile, knownDecimals, type Months } from "./dukascopy-path.js";

/** Milliseconds within the hour, ask, bid, and two volumes. */
const RECORD_BYTES = 20;
const ASK_OFFSET = 4;
const BID_OFFSET = 8;

/** The busiest hours are some 100 KiB: beyond this it is something else, and memory is finite. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Nearly a tick for every millisecond of the hour. */
const HOUR_BYTES_MAX = 64 * 1024 * 1024;

/** Records given at a time. */
const BATCH_RECORDS = 5_000;

export interface Bi5Options {
  readonly choice: PriceChoice | undefined;
  /** Of prices; by the symbol when absent. */
  readonly decimals?: number | undefined;
  readonly months: Months;
  readonly facts: Facts;
}

function hourFileOf(path: string, months: Months): HourFile {
  const file = months.hourOf(path);
  if (file !== undefined) return file;
  throw new UnreadableError(
    "its path does not end in SYMBOL/YYYY/MM/DD/HHh_ticks.bi5 (months from 00): which hour is it?",
  );
}

function decimalsOf(symbol: string): number {
  const decimals = knownDecimals(symbol);
  if (decimals !== undefined) return decimals;
  throw new Error(`how many points make a price of 1 is not known for ${symbol}: say it with --points`);
}

type RecordReader = (records: Buffer, index: number) => FileTick | BadLine;

/**
 * @throws UnreadableError when the path does not tell the hour
 * @throws Error when the options leave open which price to take, or of how many decimals
 */
function recordReader(path: string, { choice, decimals: given, months, facts }: Bi5Options): RecordReader {
  const { symbol, hourUs } = hourFileOf(path, months);
  const decimals = given ?? decimalsOf(symbol);
  const offsets = priceNames(choice, (name) => name !== "price").map((name) =>
    name === "ask" ? ASK_OFFSET : BID_OFFSET,
  );
  Object.assign(facts, { format: "bi5", columns: "time, bid, ask" });
  return (records, index) => {
    const at = index * RECORD_BYTES;
    const line = index + 1;
    const timeUs = records.readUInt32BE(at) * 1000;
    if (timeUs >= US_PER_HOUR) return { line, problem: "its time is not within the hour" };
    const points = offsets.map((offset) => records.readUInt32BE(at + offset));
    if (points.includes(0)) return { line, problem: "a price is 0" };
    const prices = chosenPrices(
      choice,
      points.map((count) => pointsToDecimal(count, decimals)),
    );
    return { line, end: at + RECORD_BYTES, timeUs: hourUs + timeUs, symbol, seq: undefined, prices };
  };
}

/**
 * The quotes of one hour of Dukascopy's, batch by batch. A file of no bytes is an hour without quotes.
 *
 * @param path what tells the symbol and the hour
 * @param start where an earlier run stopped
 * @throws UnreadableError when it is no bi5 file, or one that is damaged or cut off
 */
export async function* bi5Ticks(
  source: AsyncIterable<Buffer>,
  path: string,
  options: Bi5Options,
  start?: Position,
): AsyncGenerator<readonly (FileTick | BadLine)[]> {
  const read = recordReader(path, options);
  const bytes = await gathered(source, FILE_BYTES_MAX, "is it bi5?");
  if (bytes.length === 0) return;
  const records = unlzma(bytes, HOUR_BYTES_MAX);
  const count = Math.floor(records.length / RECORD_BYTES);
  for (let first = start?.line ?? 0; first < count; first += BATCH_RECORDS) {
    const length = Math.min(BATCH_RECORDS, count - first);
    yield Array.from({ length }, (_, index) => read(records, first + index));
  }
  const rest = records.length % RECORD_BYTES;
  if (rest > 0) throw new UnreadableError(`record ${count + 1} has ${rest} of ${RECORD_BYTES} bytes`);
}

import { createHash } from "node:crypto";
import {
  type ArchiveStore,
  type CurrentFile,
  DamagedFileError,
  FileMissingError,
  NO_SIDE,
  NO_TIME,
  parseTickFile,
  RowsChecksum,
  type TickColumns,
  TickFile,
  type TickFileFacts,
} from "@fx-ohlc/archive";
import { formatTime, type Micros } from "@fx-ohlc/schemas";

/** A day that has been read from its file, for its entry. */
export interface ReadDay extends TickFileFacts {
  readonly symbol: string;
  readonly date: string;
  readonly n: number;
  readonly file: string;
  readonly firstUs: Micros;
  readonly lastUs: Micros;
  readonly hasQuotes: boolean;
}

/**
 * Reads a day's file to its end, a row group at a time, and proves that it is the one that the list names.
 *
 * @param take is given the rows as text that PostgreSQL copies, in pieces
 * @throws FileMissingError, StoreUnavailableError, DamagedFileError
 */
export async function readDay(
  store: ArchiveStore,
  { symbol, date, path, ticks, checksum }: CurrentFile,
  take: (rows: string) => Promise<void>,
): Promise<ReadDay> {
  const n = parseTickFile(path)?.n;
  if (n === undefined) throw new DamagedFileError(path, "it is none of the archive's");
  const found = await store.find(path);
  if (found === undefined) throw new FileMissingError(path);
  const size = found.bytes;
  const file = await TickFile.open({ path, size, read: (range) => store.read(path, range) });
  const hash = createHash("sha256");
  const rows = new RowsChecksum();
  let [hashedTo, firstUs, lastUs, hasQuotes] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false];
  const readTo = async (to: number): Promise<Uint8Array> => {
    const part = await store.read(path, { from: hashedTo, to });
    hash.update(part);
    hashedTo = to;
    return part;
  };
  for (const [index, { range }] of file.groups.entries()) {
    if (range.from > hashedTo) await readTo(range.from);
    const columns = await file.readGroup(index, await readTo(range.to));
    rows.add(columns);
    firstUs = Math.min(firstUs, Number(columns.time[0]));
    lastUs = Number(columns.time[columns.count - 1]);
    hasQuotes ||= columns.bid.subarray(0, columns.count).some((bid) => bid !== NO_SIDE);
    for (const text of copyTexts(symbol, columns)) await take(text);
  }
  if (hashedTo < size) await readTo(size);
  const fileSha256 = hash.digest("hex");
  if (fileSha256 !== checksum || file.rows !== ticks)
    throw new DamagedFileError(path, "it is not the file that is listed");
  const facts = { ticks, bytes: size, rowsChecksum: rows.digest(), fileSha256 };
  return { ...facts, symbol, date, n, file: path, firstUs, lastUs, hasQuotes };
}

/** Rows that are handed to PostgreSQL at a time, some 600 kB. */
const ROWS_PER_TEXT = 8192;

/** What the columns of `ticks` are copied from. */
function* copyTexts(symbol: string, columns: TickColumns): Generator<string> {
  const { count, time, seq, price, bid, ask, recordedAt } = columns;
  for (let from = 0; from < count; from += ROWS_PER_TEXT) {
    let text = "";
    for (let i = from; i < Math.min(count, from + ROWS_PER_TEXT); i += 1) {
      const sides = bid[i] === NO_SIDE ? "\\N\t\\N" : `${bid[i]}\t${ask[i]}`;
      text += `${symbol}\t${timeText(time[i])}\t${seq[i]}\t${price[i]}\t${sides}\t${timeText(recordedAt[i])}\n`;
    }
    yield text;
  }
}

function timeText(us: bigint | undefined): string {
  return us === undefined || us === NO_TIME ? "\\N" : formatTime(Number(us));
}

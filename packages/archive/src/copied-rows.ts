import { ROWS_PER_GROUP } from "./layout.js";
import { makeColumns, NO_SIDE, NO_TIME, type TickColumns } from "./tick-columns.js";

/** What is copied, in this order, `to stdout (format binary)`. */
export const COPIED_COLUMNS = "time, seq, price, bid, ask, recorded_at";

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
/** The signature, flags, and the length of an extension that nobody uses. */
const HEADER_BYTES = 19;
const FIELDS = 6;
/** PostgreSQL counts time from 2000-01-01. */
const EPOCH_US = 946_684_800_000_000;
const TWO_TO_32 = 2 ** 32;
/** Most days of most symbols have no more, and a full row group takes 5 MB. */
const ROWS_AT_FIRST = 8192;
/** Of a row whose fields are all there. */
const ROW_BYTES_MAX = 2 + FIELDS * 4 + 8 + 2 + 8 * 4;

/**
 * Gathers ticks that PostgreSQL copies in its binary format (https://www.postgresql.org/docs/current/sql-copy.html) into row groups.
 * It takes any number of copies, one after the other, as one list of rows.
 */
export class CopiedRows {
  private columns: Omit<TickColumns, "count">;
  private count = 0;
  /** What came of a row, or of the header, whose end has not come. */
  private rest: Buffer = Buffer.alloc(0);
  private state: "header" | "rows" | "ended" = "header";
  /** Of the last row: a copy of what follows it begins there. */
  lastUs = Number.NaN;
  lastSeq = 0;

  /** @param onGroup told of each full row group, whose columns hold the next one once it returns: 5 MB that are not left to be collected */
  constructor(
    private readonly onGroup: (group: TickColumns) => void,
    private readonly rowsPerGroup = ROWS_PER_GROUP,
  ) {
    this.columns = makeColumns(Math.min(rowsPerGroup, ROWS_AT_FIRST));
  }

  /** Takes what came of a copy. */
  add(bytes: Uint8Array): void {
    const buffer = this.withRest(bytes);
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    let at = this.state === "header" ? this.skipHeader(buffer) : 0;
    while (this.state === "rows") {
      const end = this.readRow(view, at);
      if (end === undefined) break;
      at = end;
    }
    this.rest = Buffer.from(buffer.subarray(at));
  }

  /** Ends a copy. @throws Error when it was cut off */
  endCopy(): void {
    if (this.state !== "ended") throw new Error("a copy of ticks was cut off");
    this.state = "header";
    this.rest = Buffer.alloc(0);
  }

  /** How many rows fill no row group yet. */
  get waiting(): number {
    return this.count;
  }

  /** The rows that filled no row group; undefined when there are none. */
  end(): TickColumns | undefined {
    return this.count === 0 ? undefined : this.takeGroup();
  }

  private withRest(bytes: Uint8Array): Buffer {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.rest.length === 0 ? buffer : Buffer.concat([this.rest, buffer]);
  }

  private skipHeader(buffer: Buffer): number {
    if (buffer.length < HEADER_BYTES) return 0;
    if (!buffer.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error("this is no copy of PostgreSQL's");
    this.state = "rows";
    return HEADER_BYTES + buffer.readInt32BE(HEADER_BYTES - 4);
  }

  /** @returns where it ends; undefined when it is not there as a whole */
  private readRow(view: DataView, from: number): number | undefined {
    const isWhole = view.byteLength - from >= ROW_BYTES_MAX || view.byteLength - from >= rowBytes(view, from);
    if (!isWhole) return undefined;
    const fields = view.getInt16(from);
    if (fields === -1) {
      this.state = "ended";
      return from + 2;
    }
    if (fields !== FIELDS) throw new Error(`a row of ticks has ${FIELDS} columns, and one of ${fields} was copied`);
    const at = this.takeRow(view, from + 2);
    if (this.count === this.rowsPerGroup) this.onGroup(this.takeGroup());
    return at;
  }

  private takeRow(view: DataView, from: number): number {
    if (this.count === this.columns.time.length) this.columns = grown(this.columns, this.rowsPerGroup);
    const { time, seq, price, bid, ask, recordedAt } = this.columns;
    const row = this.count;
    this.lastUs = readTime(view, from + 4);
    time[row] = BigInt(this.lastUs);
    this.lastSeq = view.getInt16(from + 16);
    seq[row] = this.lastSeq;
    price[row] = view.getFloat64(from + 22);
    let at = from + 30;
    for (const side of [bid, ask]) {
      const isThere = view.getInt32(at) !== -1;
      side[row] = isThere ? view.getFloat64(at + 4) : NO_SIDE;
      at += isThere ? 12 : 4;
    }
    const isKnown = view.getInt32(at) !== -1;
    recordedAt[row] = isKnown ? BigInt(readTime(view, at + 4)) : NO_TIME;
    this.count += 1;
    return at + (isKnown ? 12 : 4);
  }

  private takeGroup(): TickColumns {
    const group = { ...this.columns, count: this.count };
    this.count = 0;
    return group;
  }
}

/** Of the row that begins there, as far as its fields can be seen; without end where one cannot. */
function rowBytes(view: DataView, from: number): number {
  if (view.byteLength - from < 2) return Number.POSITIVE_INFINITY;
  const fields = view.getInt16(from);
  let at = from + 2;
  for (let field = 0; field < fields; field += 1) {
    if (view.byteLength - at < 4) return Number.POSITIVE_INFINITY;
    at += 4 + Math.max(0, view.getInt32(at));
  }
  return at - from;
}

/** Microseconds since 1970, of what PostgreSQL writes as microseconds since 2000. */
function readTime(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_TO_32 + view.getUint32(at + 4) + EPOCH_US;
}

/** The same rows in columns that hold four times as many, or a row group. */
function grown(from: Omit<TickColumns, "count">, rowsMax: number): Omit<TickColumns, "count"> {
  const into = makeColumns(Math.min(rowsMax, from.time.length * 4));
  into.time.set(from.time);
  into.seq.set(from.seq);
  into.price.set(from.price);
  into.bid.set(from.bid);
  into.ask.set(from.ask);
  into.recordedAt.set(from.recordedAt);
  return into;
}

import type { Micros } from "@fx-ohlc/schemas";
import type { AsyncBuffer, FileMetaData, ParquetScan } from "hyparquet";
import { parquetMetadataAsync, parquetScan } from "hyparquet";
import { FORMAT, FORMAT_KEY, type TickColumn } from "./layout.js";
import { loadZstd, ZSTD } from "./zstd.js";

/** Ticks of one stamp at most: so many more than are wanted may have to be looked at. */
const SAME_STAMP_MAX = 1024;
/** Times that are decoded at once where the file says which of its pages they are in. */
const STEP_ROWS = 16_384;

/** Where one page in so many is wanted, all of them are decoded. */
const WHOLE_SHARE = 4;

/** Ticks of a file in the order of (time, seq), a column each; not numbers where a tick is a single price. */
export interface FileTicks {
  readonly timeUs: Float64Array<ArrayBuffer>;
  readonly seq: Float64Array<ArrayBuffer>;
  readonly price: Float64Array<ArrayBuffer>;
  readonly bid: Float64Array<ArrayBuffer>;
  readonly ask: Float64Array<ArrayBuffer>;
}

/** Which ticks of a file to read, from one end of a range on. */
export interface TickFileRange {
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly order: "asc" | "desc";
  /** `asc`: of those at `fromUs` only the ones after it, -1 for all. `desc`: those at `toUs` before it too, 0 for none. */
  readonly seq: number;
  readonly rowsMax: number;
}

/** Snappy is known to the reader itself. */
const compressors = { ZSTD: ZSTD.decompress };

/** Rows of a file that follow one another. */
interface Rows {
  readonly from: number;
  readonly to: number;
}

/** A row group, and the times that its ticks lie between. */
interface Group extends Rows {
  readonly firstUs: Micros;
  readonly lastUs: Micros;
}

/** A file of ticks, whose index has been read, for readers of a part of it. */
export class RangedTickFile {
  readonly #file: AsyncBuffer;
  readonly #metadata: FileMetaData;
  readonly #groups: readonly Group[];
  /** The row group that was decoded last: pages of a day follow one another. */
  #decoded: { readonly group: Group; readonly ticks: Promise<FileTicks> } | undefined;
  /** The one that a part was read of last. */
  #touched: Group | undefined;

  private constructor(file: AsyncBuffer, metadata: FileMetaData) {
    this.#file = file;
    this.#metadata = metadata;
    this.#groups = groupsOf(metadata);
  }

  /** @throws what reading the file throws; Error when it is no file of ticks, or of a format that this build does not know */
  static async open(file: AsyncBuffer): Promise<RangedTickFile> {
    await loadZstd();
    const metadata = await parquetMetadataAsync(file, { parsers: { timestampFromMicroseconds: (us: bigint) => us } });
    const format = metadata.key_value_metadata?.find(({ key }) => key === FORMAT_KEY)?.value;
    if (format !== String(FORMAT)) throw new Error(`its format is ${format ?? "none"}, and this build knows ${FORMAT}`);
    // A Date holds no microseconds: without these, times are the integers that they are.
    const schema = metadata.schema.map(({ converted_type: _type, logical_type: _logical, ...element }) => element);
    return new RangedTickFile(file, { ...metadata, schema });
  }

  get ticks(): number {
    return Number(this.#metadata.num_rows);
  }

  /** Row groups and pages that hold nothing of the range are not read. */
  async read(range: TickFileRange): Promise<FileTicks> {
    const { fromUs, toUs, order, rowsMax } = range;
    const groups = this.#groups.filter(({ firstUs, lastUs }) => firstUs <= toUs && lastUs >= fromUs);
    const parts: FileTicks[] = [];
    let wanted = rowsMax;
    for (const group of order === "asc" ? groups : groups.reverse()) {
      if (wanted <= 0) break;
      const found = await this.#readGroup(group, { ...range, rowsMax: wanted });
      wanted -= found.timeUs.length;
      parts.push(found);
    }
    return joinFileTicks(order === "asc" ? parts : parts.reverse());
  }

  /** All of a row group is decoded where much of it is wanted, or where it is asked for again; else a few of its pages. */
  async #readGroup(group: Group, range: TickFileRange): Promise<FileTicks> {
    const isKept = this.#decoded?.group === group;
    const isWanted = this.#touched === group || range.rowsMax * WHOLE_SHARE >= group.to - group.from;
    this.#touched = group;
    if (!isKept && !isWanted) return this.#readPages(group, range);
    const decoded = isKept && this.#decoded !== undefined ? this.#decoded : { group, ticks: this.#decode(group) };
    this.#decoded = decoded;
    try {
      return pick(await decoded.ticks, range);
    } catch (error) {
      if (this.#decoded === decoded) this.#decoded = undefined;
      throw error;
    }
  }

  async #decode({ from, to }: Rows): Promise<FileTicks> {
    const scan = await parquetScan({
      file: this.#file,
      metadata: this.#metadata,
      compressors,
      rowStart: from,
      rowEnd: to,
    });
    return readRows(scan, { from, to });
  }

  async #readPages(group: Rows, range: TickFileRange): Promise<FileTicks> {
    const { order, rowsMax } = range;
    const scan = await this.#scan(group, range);
    const steps = scan.ranges.flatMap(({ rowStart, rowEnd }) => this.#stepsOf({ from: rowStart, to: rowEnd }));
    const parts: FileTicks[] = [];
    let wanted = rowsMax;
    for (const step of order === "asc" ? steps : steps.reverse()) {
      if (wanted <= 0) break;
      const rows = cut(await within(scan, step, range), wanted + SAME_STAMP_MAX, order);
      if (rows.from === rows.to) continue;
      const found = pick(await readRows(scan, rows), { ...range, rowsMax: wanted });
      wanted -= found.timeUs.length;
      parts.push(found);
    }
    return joinFileTicks(order === "asc" ? parts : parts.reverse());
  }

  #scan({ from, to }: Rows, { fromUs, toUs }: TickFileRange): Promise<ParquetScan> {
    return parquetScan({
      ...{ file: this.#file, metadata: this.#metadata, compressors, rowStart: from, rowEnd: to },
      pruningFilter: { time: { $gte: BigInt(fromUs), $lte: BigInt(toUs) } },
      usePageIndex: true,
    });
  }

  /** Where the file does not say which times its pages hold, those of a row group are looked at together. */
  #stepsOf({ from, to }: Rows): Rows[] {
    const hasPages = this.#metadata.row_groups.every(({ columns }) => columns[0]?.column_index_offset !== undefined);
    const rows = hasPages ? STEP_ROWS : to - from;
    const steps: Rows[] = [];
    for (let at = from; at < to; at += rows) steps.push({ from: at, to: Math.min(to, at + rows) });
    return steps;
  }
}

/** Row groups with the times of their first and last tick, as their statistics say. */
function groupsOf({ row_groups: groups }: FileMetaData): Group[] {
  let from = 0;
  return groups.map(({ num_rows, columns }) => {
    const { min_value: first, max_value: last } = columns[0]?.meta_data?.statistics ?? {};
    if (typeof first !== "bigint" || typeof last !== "bigint") throw new Error("a row group says nothing of its times");
    const group = { from, to: from + Number(num_rows), firstUs: Number(first), lastUs: Number(last) };
    from = group.to;
    return group;
  });
}

/** Those of a range among some that follow one another. */
function pick(ticks: FileTicks, range: TickFileRange): FileTicks {
  const { timeUs } = ticks;
  const { from, to } = between(timeUs, range);
  const rows = cut({ from, to }, range.rowsMax + SAME_STAMP_MAX, range.order);
  return beside(sliceFileTicks(ticks, rows.from, rows.to), range);
}

function between(times: Float64Array, { fromUs, toUs, order, seq }: TickFileRange): Rows {
  const lastUs = order === "desc" && seq > 0 ? toUs : toUs - 1;
  return { from: placeOf(times, fromUs), to: placeOf(times, lastUs + 1) };
}

/** The rows of a step that are within a range. */
async function within(scan: ParquetScan, step: Rows, range: TickFileRange): Promise<Rows> {
  const times = micros(await scan.readColumn({ column: "time", rowStart: step.from, rowEnd: step.to }));
  const { from, to } = between(times, range);
  return { from: step.from + from, to: step.from + to };
}

/** The place of the first time that is not before another. */
function placeOf(times: Float64Array, us: Micros): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? us) < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

function cut({ from, to }: Rows, rowsMax: number, order: TickFileRange["order"]): Rows {
  return order === "asc" ? { from, to: Math.min(to, from + rowsMax) } : { from: Math.max(from, to - rowsMax), to };
}

/** Without those of the very first or last stamp that are beside the cursor, and so many. */
function beside(ticks: FileTicks, { fromUs, toUs, order, seq, rowsMax }: TickFileRange): FileTicks {
  let [from, to] = [0, ticks.timeUs.length];
  if (order === "asc") {
    while (from < to && ticks.timeUs[from] === fromUs && (ticks.seq[from] ?? 0) <= seq) from += 1;
    return sliceFileTicks(ticks, from, Math.min(to, from + rowsMax));
  }
  while (from < to && ticks.timeUs[to - 1] === toUs && (ticks.seq[to - 1] ?? 0) >= seq) to -= 1;
  return sliceFileTicks(ticks, Math.max(from, to - rowsMax), to);
}

async function readRows(scan: ParquetScan, { from, to }: Rows): Promise<FileTicks> {
  const read = (column: TickColumn) => scan.readColumn({ column, rowStart: from, rowEnd: to });
  const [time, seq, price, bid, ask] = await Promise.all([
    read("time"),
    read("seq"),
    read("price"),
    read("bid"),
    read("ask"),
  ]);
  return { timeUs: micros(time), seq: doubles(seq), price: doubles(price), bid: doubles(bid), ask: doubles(ask) };
}

const HIGH_WORD = 2 ** 32;

/** Two words of an integer are put together ten times faster than a BigInt is made a number. */
function micros(values: ArrayLike<unknown>): Float64Array<ArrayBuffer> {
  const result = new Float64Array(values.length);
  if (values instanceof BigInt64Array) {
    const words = new DataView(values.buffer, values.byteOffset, values.byteLength);
    for (let i = 0; i < result.length; i += 1) {
      result[i] = words.getInt32(i * 8 + 4, true) * HIGH_WORD + words.getUint32(i * 8, true);
    }
    return result;
  }
  for (let i = 0; i < result.length; i += 1) {
    const value = values[i];
    result[i] = typeof value === "bigint" ? Number(value) : Number.NaN;
  }
  return result;
}

function doubles(values: ArrayLike<unknown>): Float64Array<ArrayBuffer> {
  if (values instanceof Float64Array) return new Float64Array(values);
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i += 1) {
    const value = values[i];
    result[i] = typeof value === "number" ? value : Number.NaN;
  }
  return result;
}

const COLUMNS = ["timeUs", "seq", "price", "bid", "ask"] as const;

/** Makes each column of ticks. */
function eachOf(make: (name: (typeof COLUMNS)[number]) => Float64Array<ArrayBuffer>): FileTicks {
  const [timeUs, seq, price, bid, ask] = [make("timeUs"), make("seq"), make("price"), make("bid"), make("ask")];
  return { timeUs, seq, price, bid, ask };
}

/** Always a copy: what is read is handed over to another thread, and what is kept must stay. */
function sliceFileTicks(ticks: FileTicks, from: number, to: number): FileTicks {
  return eachOf((name) => ticks[name].slice(from, to));
}

/** Ticks of which all come after those before. */
export function joinFileTicks(parts: readonly FileTicks[]): FileTicks {
  const [first] = parts;
  return first !== undefined && parts.length === 1
    ? first
    : eachOf((name) => joinColumns(parts.map((part) => part[name])));
}

function joinColumns(parts: readonly Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer> {
  const joined = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

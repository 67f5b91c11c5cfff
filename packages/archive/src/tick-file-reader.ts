import { type ColumnData, type FileMetaData, parquetMetadata, parquetRead, type RowGroup } from "hyparquet";
import { FORMAT, FORMAT_KEY, TICK_COLUMNS } from "./layout.js";
import { type ByteRange, DamagedFileError } from "./store.js";
import { makeColumns, NO_SIDE, NO_TIME, type TickColumns } from "./tick-columns.js";
import { loadZstd, ZSTD } from "./zstd.js";

/** Where a file's bytes come from. */
export interface FileBytes {
  /** For errors. */
  readonly path: string;
  readonly size: number;
  read(range: ByteRange): Promise<Uint8Array>;
}

/** The last bytes of a file, which hold the metadata of some 60 row groups: nearly always one read is enough. */
const TAIL_BYTES = 65_536;
/** No format has larger row groups. */
const GROUP_ROWS_MAX = 1 << 20;
/** A length and a magic number. */
const FOOTER_BYTES = 8;

/** A row group of a file of ticks. */
export interface TickGroup {
  readonly rows: number;
  /** Where all of it lies. */
  readonly range: ByteRange;
  /** Of its first and its last tick, microseconds since 1970. */
  readonly firstUs: bigint;
  readonly lastUs: bigint;
}

/** A file of ticks whose metadata was read. */
export class TickFile {
  readonly groups: readonly TickGroup[];
  readonly rows: number;

  /** @param metadata its times without a type: as they are, and not as `Date`, which has no microseconds */
  private constructor(
    private readonly bytes: FileBytes,
    private readonly metadata: FileMetaData,
  ) {
    this.groups = metadata.row_groups.map(groupOf);
    this.rows = Number(metadata.num_rows);
  }

  /** @throws DamagedFileError where it is no file of ticks, or of a format that this build does not know */
  static async open(bytes: FileBytes): Promise<TickFile> {
    await loadZstd();
    const metadata = await readMetadata(bytes);
    const format = metadata.key_value_metadata?.find(({ key }) => key === FORMAT_KEY)?.value;
    if (format !== String(FORMAT)) {
      throw new DamagedFileError(
        bytes.path,
        `its format is ${format ?? "none of the archive's"}, this build knows ${FORMAT}`,
      );
    }
    const schema = metadata.schema.map(({ logical_type: _logical, converted_type: _converted, ...element }) => element);
    try {
      return new TickFile(bytes, { ...metadata, schema });
    } catch (error) {
      throw new DamagedFileError(bytes.path, "its metadata is wrong", { cause: error });
    }
  }

  /**
   * @param part all bytes of the group's range, when they were read already
   * @param into columns that have room for it, when there are some: whatever else they hold stays
   * @throws DamagedFileError
   */
  async readGroup(index: number, part?: Uint8Array, into?: Omit<TickColumns, "count">): Promise<TickColumns> {
    const group = this.groups[index];
    if (group === undefined) throw new RangeError(`there is no row group ${index}`);
    const bytes = part ?? (await this.bytes.read(group.range));
    try {
      return await decodeGroup(this.metadata, this.rowsBefore(index), group, bytes, into ?? makeColumns(group.rows));
    } catch (error) {
      throw new DamagedFileError(this.bytes.path, "its rows cannot be read", { cause: error });
    }
  }

  private rowsBefore(index: number): number {
    return this.groups.slice(0, index).reduce((sum, { rows }) => sum + rows, 0);
  }
}

async function readMetadata({ path, size, read }: FileBytes): Promise<FileMetaData> {
  if (size < FOOTER_BYTES) throw new DamagedFileError(path, "it is too short");
  const tail = await read({ from: Math.max(0, size - TAIL_BYTES), to: size });
  const needed = new DataView(tail.buffer, tail.byteOffset).getUint32(tail.length - FOOTER_BYTES, true) + FOOTER_BYTES;
  if (needed > size) throw new DamagedFileError(path, "its metadata is longer than it");
  const footer = needed <= tail.length ? tail : await read({ from: size - needed, to: size });
  try {
    return parquetMetadata(bufferOf(footer), { parsers: { timestampFromMicroseconds: (us: bigint) => us } });
  } catch (error) {
    throw new DamagedFileError(path, "its metadata cannot be read", { cause: error });
  }
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function groupOf({ columns, num_rows, total_compressed_size }: RowGroup): TickGroup {
  const metas = columns.map(({ meta_data }) => meta_data);
  const from = Math.min(
    ...metas.map((meta) => Number(meta?.dictionary_page_offset ?? meta?.data_page_offset ?? Number.NaN)),
  );
  const bytes = metas.reduce((sum, meta) => sum + Number(meta?.total_compressed_size ?? 0), 0);
  const statistics = metas[0]?.statistics;
  const rows = Number(num_rows);
  const to = from + Number(total_compressed_size ?? bytes);
  // Memory is taken for what it says.
  if (!(rows > 0 && rows <= GROUP_ROWS_MAX && from >= 0 && to >= from)) throw new Error("a row group is out of bounds");
  return {
    rows,
    range: { from, to },
    firstUs: micros(statistics?.min_value),
    lastUs: micros(statistics?.max_value),
  };
}

function micros(value: unknown): bigint {
  if (typeof value !== "bigint") throw new Error("a row group says nothing of its times");
  return value;
}

async function decodeGroup(
  metadata: FileMetaData,
  rowStart: number,
  { rows, range }: TickGroup,
  bytes: Uint8Array,
  columns: Omit<TickColumns, "count">,
): Promise<TickColumns> {
  let values = 0;
  await parquetRead({
    file: {
      byteLength: range.to,
      slice: (from, to = range.to) => bufferOf(bytes.subarray(from - range.from, to - range.from)),
    },
    metadata,
    rowStart,
    rowEnd: rowStart + rows,
    compressors: { ZSTD: ZSTD.decompress },
    onChunk: (chunk) => {
      values += chunk.columnData.length;
      put(columns, chunk, chunk.rowStart - rowStart);
    },
  });
  // Parts are told of as they are read; those of the last one in a later turn.
  await Promise.resolve();
  if (values !== rows * TICK_COLUMNS.length) throw new Error(`it has ${values} values for ${rows} ticks`);
  return { ...columns, count: rows };
}

function put(columns: Omit<TickColumns, "count">, { columnName, columnData }: ColumnData, at: number): void {
  if (columnName === "time") copyTimes(columns.time, columnData, at);
  else if (columnName === "recorded_at") copyTimes(columns.recordedAt, columnData, at);
  else if (columnName === "seq" || columnName === "price" || columnName === "bid" || columnName === "ask") {
    copyNumbers(columns[columnName], columnData, at);
  }
}

function copyTimes(into: BigInt64Array, values: ArrayLike<unknown>, at: number): void {
  if (values instanceof BigInt64Array) {
    into.set(values, at);
    return;
  }
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row];
    into[at + row] = typeof value === "bigint" ? value : NO_TIME;
  }
}

function copyNumbers(into: Int16Array | Float64Array, values: ArrayLike<unknown>, at: number): void {
  if (values instanceof Float64Array || values instanceof Int32Array) {
    into.set(values, at);
    return;
  }
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row];
    into[at + row] = typeof value === "number" ? value : NO_SIDE;
  }
}

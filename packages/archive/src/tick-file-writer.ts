import type { SchemaElement } from "hyparquet";
import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import { FORMAT, FORMAT_KEY, ROWS_PER_GROUP } from "./layout.js";
import { NO_SIDE, NO_TIME, type TickColumns } from "./tick-columns.js";
import { loadZstd, ZSTD } from "./zstd.js";

/** Pages of some 20,000 ticks: a reader of a minute decodes no more than one of each column. */
const PAGE_BYTES = 65_536;

const TIMESTAMP = {
  type: "INT64",
  converted_type: "TIMESTAMP_MICROS",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
} as const;

/** The columns of every file of ticks: layout.ts has their names. A file of another format has another one. */
const SCHEMA: SchemaElement[] = [
  { name: "ticks", num_children: 6 },
  { name: "time", repetition_type: "REQUIRED", ...TIMESTAMP },
  {
    name: "seq",
    repetition_type: "REQUIRED",
    type: "INT32",
    // No logical type beside it: as this writer writes one of an integer, Arrow and DuckDB do not read the file.
    converted_type: "INT_16",
  },
  { name: "price", repetition_type: "REQUIRED", type: "DOUBLE" },
  { name: "bid", repetition_type: "OPTIONAL", type: "DOUBLE" },
  { name: "ask", repetition_type: "OPTIONAL", type: "DOUBLE" },
  { name: "recorded_at", repetition_type: "OPTIONAL", ...TIMESTAMP },
];

/** Hands on what was written since the last time, and forgets it: a file of any size takes the memory of one row group. */
class DrainedWriter extends ByteWriter {
  /** What was written since it was asked last. Nobody else has these bytes. */
  drain(): Uint8Array {
    const bytes = this.getBytes().slice();
    this.index = 0;
    return bytes;
  }
}

/** Codes the ticks of a day as a Parquet file, a row group at a time. */
export class TickFileWriter {
  private readonly bytes = new DrainedWriter(1 << 16);
  private readonly file: ParquetWriter;

  private constructor() {
    this.file = new ParquetWriter({
      writer: this.bytes,
      schema: SCHEMA,
      codec: "ZSTD",
      compressors: { ZSTD: ZSTD.compress },
      createdBy: "fx-ohlc",
      kvMetadata: [{ key: FORMAT_KEY, value: String(FORMAT) }],
    });
  }

  static async open(): Promise<TickFileWriter> {
    await loadZstd();
    return new TickFileWriter();
  }

  /** @returns the bytes of the file that follow those before */
  add(group: TickColumns): Uint8Array {
    void this.file.write({ columnData: columnsOf(group), rowGroupSize: ROWS_PER_GROUP, pageSize: PAGE_BYTES });
    return this.bytes.drain();
  }

  /** @returns the last bytes of the file */
  finish(): Uint8Array {
    void this.file.finish();
    return this.bytes.drain();
  }
}

/** Prices, of which a row group has few different ones, find their dictionary by themselves. */
function columnsOf({ count, time, seq, price, bid, ask, recordedAt }: TickColumns): ColumnSource[] {
  return [
    { name: "time", data: time.subarray(0, count), encoding: "DELTA_BINARY_PACKED", columnIndex: true },
    { name: "seq", data: Int32Array.from(seq.subarray(0, count)), columnIndex: true },
    { name: "price", data: price.subarray(0, count), columnIndex: true },
    { name: "bid", data: sides(bid.subarray(0, count)), columnIndex: true },
    { name: "ask", data: sides(ask.subarray(0, count)), columnIndex: true },
    { name: "recorded_at", data: times(recordedAt.subarray(0, count)), encoding: "DELTA_BINARY_PACKED" },
  ];
}

/** A row group of quotes alone has no nulls, and needs no copy. */
function sides(values: Float64Array): Float64Array | (number | null)[] {
  return values.includes(NO_SIDE) ? Array.from(values, (side) => (side === NO_SIDE ? null : side)) : values;
}

function times(values: BigInt64Array): BigInt64Array | (bigint | null)[] {
  return values.includes(NO_TIME) ? Array.from(values, (time) => (time === NO_TIME ? null : time)) : values;
}

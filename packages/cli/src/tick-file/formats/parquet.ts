import { open } from "node:fs/promises";
import { formatTime } from "@fx-ohlc/schemas";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type SchemaElement,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { gathered } from "../bytes/blocks.js";
import type { Position } from "../text/line-splitter.js";
import { type BadLine, type FileTick, UnreadableError } from "../tick.js";
import { batchesOf, type ObjectOptions, objectReader } from "./json.js";

const MAGIC = "PAR1";
/** Of what can only be read from front to back; its index stands at its end. */
const BYTES_MAX = 512 * 1024 * 1024;
/** Rows in memory at a time, whatever the file's own groups are. */
const WINDOW_ROWS = 50_000;

export function isParquet(head: Buffer): boolean {
  return head.subarray(0, MAGIC.length).toString("latin1") === MAGIC;
}

/** A file that is read here and there. */
export interface RandomAccess extends AsyncBuffer {
  close(): Promise<void>;
}

export async function fileAccess(path: string): Promise<RandomAccess> {
  const file = await open(path);
  const { size } = await file.stat();
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const { buffer, bytesRead } = await file.read(new Uint8Array(end - start), 0, end - start, start);
      return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + bytesRead) as ArrayBuffer;
    },
    close: () => file.close(),
  };
}

export async function memoryAccess(source: AsyncIterable<Buffer>): Promise<RandomAccess> {
  const bytes = await gathered(source, BYTES_MAX, "unpack it first");
  return {
    byteLength: bytes.length,
    slice: (start, end = bytes.length) =>
      bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + end) as ArrayBuffer,
    close: async () => {},
  };
}

/** Times keep their microseconds, which a Date has not: the text of an instant, or of a wall where the file says that it is local. */
function parsersOf(isLocal: boolean) {
  const text = (us: bigint) => {
    const time = formatTime(Number(us));
    return isLocal ? time.slice(0, -1) : time;
  };
  return {
    timestampFromMilliseconds: (ms: bigint) => text(ms * 1000n),
    timestampFromMicroseconds: text,
    timestampFromNanoseconds: (ns: bigint) => text(ns / 1000n),
  };
}

/** Whether its times are of no zone, as pandas writes those that have none. */
function hasLocalTimes({ schema }: FileMetaData): boolean {
  return schema.some(({ logical_type: type }) => type?.type === "TIMESTAMP" && !type.isAdjustedToUTC);
}

async function metadataOf(file: AsyncBuffer): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(file);
  } catch (error) {
    throw new UnreadableError(`the Parquet file is cut off or damaged: ${(error as Error).message}`);
  }
}

/** How many rows a file says it has. @throws UnreadableError when it is none of Parquet */
export async function parquetRows(path: string): Promise<number> {
  const file = await fileAccess(path);
  try {
    return Number((await metadataOf(file)).num_rows);
  } finally {
    await file.close();
  }
}

/** The shortest decimal that is this number in single precision: 1.101, which in double precision is 1.1009999513626099. */
function singleText(value: unknown): unknown {
  if (typeof value !== "number" || !Number.isFinite(value)) return value;
  const digits = [6, 7, 8].find((count) => Math.fround(Number(value.toPrecision(count))) === value) ?? 9;
  return Number(value.toPrecision(digits));
}

/** A whole number of two's complement, the highest byte first. */
function bigIntOf(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`));
}

/** A whole number of units of the `scale`-th decimal place, without zeros at its end. */
function unscaledText(value: unknown, scale: number): unknown {
  const units = value instanceof Uint8Array ? bigIntOf(value) : value;
  if (typeof units !== "bigint" && typeof units !== "number") return value;
  const digits = String(units)
    .replace("-", "")
    .padStart(scale + 1, "0");
  const [whole, fraction] = [digits.slice(0, digits.length - scale), digits.slice(digits.length - scale)];
  const rest = fraction.replace(/0+$/, "");
  return `${units < 0 ? "-" : ""}${whole}${rest === "" ? "" : `.${rest}`}`;
}

/**
 * Numbers as their columns' types have them: the library reads decimals as a product of doubles, and single precision as double. Only
 * columns at the top can be ticks'.
 */
function numbersOf(metadata: FileMetaData) {
  const texts = new Map<string, (value: unknown) => unknown>();
  const schema = metadata.schema.map((element): SchemaElement => {
    const { name, type, converted_type: converted, scale = 0, ...rest } = element;
    if (type === "FLOAT") texts.set(name, singleText);
    if (converted !== "DECIMAL" || type === undefined || type === "BYTE_ARRAY") return element;
    texts.set(name, (value) => unscaledText(value, scale));
    const { logical_type: _, ...plain } = rest;
    return { ...plain, name, type };
  });
  const exact = (row: Record<string, unknown>) => {
    for (const [name, text] of texts) if (name in row) row[name] = text(row[name]);
    return row;
  };
  return { metadata: { ...metadata, schema }, exact };
}

async function rowsOf(file: AsyncBuffer, metadata: FileMetaData, rowStart: number) {
  const rowEnd = Math.min(Number(metadata.num_rows), rowStart + WINDOW_ROWS);
  try {
    const parsers = parsersOf(hasLocalTimes(metadata));
    const numbers = numbersOf(metadata);
    const options = { file, metadata: numbers.metadata, rowStart, rowEnd, compressors, parsers };
    return (await parquetReadObjects(options)).map(numbers.exact);
  } catch (error) {
    throw new UnreadableError(`the Parquet file is damaged: ${(error as Error).message}`);
  }
}

/**
 * The ticks of a Parquet file, with columns named as those of a CSV file are.
 *
 * @param start where an earlier run stopped
 * @throws UnreadableError when it holds none
 */
export async function* parquetTicks(
  file: RandomAccess,
  options: ObjectOptions,
  start: Position = { line: 0, offset: 0 },
): AsyncGenerator<readonly (FileTick | BadLine)[]> {
  try {
    const metadata = await metadataOf(file);
    const first = await rowsOf(file, metadata, 0);
    if (first.length === 0) return;
    const read = objectReader("parquet", first, options);
    for (let row = 0; row < Number(metadata.num_rows); row += WINDOW_ROWS) {
      if (row + WINDOW_ROWS <= start.line) continue;
      const rows = row === 0 ? first : await rowsOf(file, metadata, row);
      yield* batchesOf(rows, read, Math.max(0, start.line - row), row);
    }
  } finally {
    await file.close();
  }
}

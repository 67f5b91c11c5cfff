import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { UnreadableError } from "../tick.js";
import { peeked } from "./blocks.js";
import { bunzipped } from "./bzip2.js";
import { unxzed } from "./xz.js";

/** Of a compressed file some 10,000 lines: enough that the disk is asked rarely, little enough that progress moves. */
export const READ_BYTES = 64 * 1024;

/** As many bytes as it takes to know what a file is. */
export const MAGIC_BYTES = 6;

/** Something compressed in something compressed is found by accident; no more than that is. */
const DEPTH_MAX = 4;

type Unpack = (blocks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/** What is compressed by one of these is unpacked on the way. */
const COMPRESSIONS: readonly { readonly magic: RegExp; readonly unpack: Unpack }[] = [
  { magic: /^\u001f\u008b/, unpack: gunzipped },
  { magic: /^BZh[1-9]/, unpack: bunzipped },
  { magic: /^\u00fd7zXZ\0/, unpack: unxzed },
];

/** What holds files or ticks in a way that is not read here, and what to do about it. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^PK\u0003\u0004|^PK\u0005\u0006/, "a zip archive is read from a file only: its index stands at its end"],
  [/^\u0028\u00b5\u002f\u00fd/, "it is compressed by zstd: unpack it first, as in zstdcat FILE | fx-ticks import -"],
  [/^7z\u00bc\u00af/, "it is a 7z archive: unpack it first"],
  [/^Rar!/, "it is a RAR archive: unpack it first"],
  [/^ARROW1/, "it is an Arrow file: Parquet, CSV and NDJSON are read"],
  [/^\u0089HDF/, "it is an HDF5 file: Parquet, CSV and NDJSON are read"],
  [/^\u00d0\u00cf\u0011\u00e0/, "it is a workbook: save it as CSV first"],
];

export function isZip(head: Buffer): boolean {
  return OTHERS[0]?.[0].test(head.toString("latin1")) === true;
}

async function* gunzipped(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    // The reader of the last stream sees every error of the two: the callback has nothing left to do.
    yield* pipeline(blocks instanceof Readable ? blocks : Readable.from(blocks), createGunzip(), () => {});
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code?.startsWith("Z_") ? new UnreadableError(`its gzip data is cut off or damaged: ${message}`) : error;
  }
}

/**
 * The blocks of a stream, unpacked when its first bytes say that they are compressed by gzip, bzip2 or xz.
 *
 * @throws UnreadableError when that is cut off or damaged, or it is an archive
 */
export async function* plainBlocks(source: AsyncIterable<Buffer>, depth = 0): AsyncGenerator<Buffer> {
  const { head, blocks } = await peeked(source, MAGIC_BYTES);
  const magic = head.subarray(0, MAGIC_BYTES).toString("latin1");
  const [, other] = OTHERS.find(([pattern]) => pattern.test(magic)) ?? [];
  if (other !== undefined) throw new UnreadableError(other);
  const compression = COMPRESSIONS.find((known) => known.magic.test(magic));
  if (compression === undefined || depth === DEPTH_MAX) yield* blocks;
  else yield* plainBlocks(compression.unpack(blocks), depth + 1);
}

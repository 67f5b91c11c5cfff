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

/** What is compressed by one of these is unpacked on the way, by its first bytes. */
const COMPRESSIONS: readonly { readonly magic: string; readonly unpack: Unpack }[] = [
  { magic: "1f8b", unpack: gunzipped },
  { magic: "425a68", unpack: bunzipped },
  { magic: "fd377a585a00", unpack: unxzed },
];

/** Of an archive with files in it, and of an empty one. */
const ZIP_MAGICS = ["504b0304", "504b0506"];

/** What holds files or ticks in a way that is not read here, by its first bytes, and what to do about it. */
const OTHERS: readonly (readonly [string, string])[] = [
  ...ZIP_MAGICS.map((magic) => [magic, "a zip archive is read from a file only: its index stands at its end"] as const),
  ["28b52ffd", "it is compressed by zstd: unpack it first, as in zstdcat FILE | fx-ticks import -"],
  ["377abcaf271c", "it is a 7z archive: unpack it first"],
  ["52617221", "it is a RAR archive: unpack it first"],
  ["4152524f5731", "it is an Arrow file: Parquet, CSV and NDJSON are read"],
  ["894844460d0a", "it is an HDF5 file: Parquet, CSV and NDJSON are read"],
  ["d0cf11e0", "it is a workbook: save it as CSV first"],
];

/** An archive by tar has no mark at its start, but this at the end of its first name's block. */
const TAR = { at: 257, mark: "ustar" } as const;

export function isZip(head: Buffer): boolean {
  const hex = head.toString("hex");
  return ZIP_MAGICS.some((magic) => hex.startsWith(magic));
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
  const { head, blocks } = await peeked(source, TAR.at + TAR.mark.length);
  const magic = head.subarray(0, MAGIC_BYTES).toString("hex");
  const [, other] = OTHERS.find(([known]) => magic.startsWith(known)) ?? [];
  if (other !== undefined) throw new UnreadableError(other);
  if (head.toString("latin1", TAR.at, TAR.at + TAR.mark.length) === TAR.mark)
    throw new UnreadableError("it is a tar archive: unpack it first, as in tar -xOf FILE | fx-ticks import -");
  const compression = COMPRESSIONS.find((known) => magic.startsWith(known.magic));
  if (compression === undefined || depth === DEPTH_MAX) yield* blocks;
  else yield* plainBlocks(compression.unpack(blocks), depth + 1);
}

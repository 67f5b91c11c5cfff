import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { UnreadableError } from "./tick.js";

/** Of a compressed file some 10,000 lines: enough that the disk is asked rarely, little enough that progress moves. */
export const READ_BYTES = 64 * 1024;

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
/** Of an archive with files in it, and of an empty one. */
const ZIP_MAGICS = ["PK\u0003\u0004", "PK\u0005\u0006"];

/** As many bytes as it takes to know what a file is. */
export const MAGIC_BYTES = 4;

export function isZip(head: Buffer): boolean {
  return ZIP_MAGICS.includes(head.subarray(0, MAGIC_BYTES).toString("latin1"));
}

/** The first block, which is put back for whoever reads the stream next; empty at the end of the stream. */
function peek(stream: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.once("readable", () => {
      const block: unknown = stream.read();
      // In the same turn: a stream whose only block was taken would end in the next one.
      if (Buffer.isBuffer(block)) stream.unshift(block);
      resolve(Buffer.isBuffer(block) ? block : Buffer.alloc(0));
    });
  });
}

async function* gunzipped(stream: Readable): AsyncGenerator<Buffer> {
  try {
    // The reader of the last stream sees every error of the two: the callback has nothing left to do.
    yield* pipeline(stream, createGunzip(), () => {});
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code?.startsWith("Z_") ? new UnreadableError(`its gzip data is cut off or damaged: ${message}`) : error;
  }
}

/**
 * The blocks of a stream, decompressed when its first bytes say that they are gzip.
 *
 * @throws UnreadableError when the gzip data is cut off or damaged, or it is a zip archive
 */
export async function* plainBlocks(stream: Readable): AsyncGenerator<Buffer> {
  const head = await peek(stream);
  if (isZip(head)) throw new UnreadableError("a zip archive is read from a file only: its index stands at its end");
  yield* head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC) ? gunzipped(stream) : stream;
}

/** The text without its first bytes. */
export async function* skipBytes(blocks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const block of blocks) {
    if (left < block.length) yield left === 0 ? block : block.subarray(left);
    left = Math.max(0, left - block.length);
  }
}

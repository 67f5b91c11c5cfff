import { createReadStream, type ReadStream } from "node:fs";
import { addAbortSignal, pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** A text that may be compressed. */
export interface TextSource {
  /** The text itself, decompressed. */
  readonly blocks: AsyncIterable<Buffer>;
  /** Bytes taken from the file so far, compressed as they are: what progress is measured by. */
  bytesRead(): number;
}

/** Of a compressed file some 10,000 lines: enough that the disk is asked rarely, little enough that progress moves. */
const READ_BYTES = 64 * 1024;

const GZIP_MAGIC = [0x1f, 0x8b];

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

/** The blocks of a stream, decompressed when its first bytes say that they are gzip. */
async function* plainBlocks(stream: Readable): AsyncGenerator<Buffer> {
  const head = await peek(stream);
  const compressed = head.length >= 2 && GZIP_MAGIC.every((byte, index) => head[index] === byte);
  // The reader of the last stream sees every error of the two: the callback has nothing left to do.
  yield* compressed ? pipeline(stream, createGunzip(), () => {}) : stream;
}

/**
 * The text of a file.
 *
 * @param signal ends the reading with an AbortError
 * @throws the file system's error, when the blocks are read
 */
export function fileText(path: string, signal: AbortSignal): TextSource {
  const stream: ReadStream = createReadStream(path, { highWaterMark: READ_BYTES, signal });
  return { blocks: plainBlocks(stream), bytesRead: () => stream.bytesRead };
}

/** A text that arrives through a pipe; how much there will be is not known. */
export function pipedText(stream: Readable, signal: AbortSignal): TextSource {
  return { blocks: plainBlocks(addAbortSignal(signal, stream)), bytesRead: () => 0 };
}

/** The text of a path, or of standard input for `-`. */
export function openText(path: string, stdin: Readable, signal: AbortSignal): TextSource {
  return path === "-" ? pipedText(stdin, signal) : fileText(path, signal);
}

/** The text without its first bytes. */
export async function* skipBytes(blocks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const block of blocks) {
    if (left < block.length) yield left === 0 ? block : block.subarray(left);
    left = Math.max(0, left - block.length);
  }
}

import { Readable } from "node:stream";
import { UnreadableError } from "../tick.js";

/** Loaded where it is needed, for it holds a program. As a CommonJS module it is a default export to some loaders and none to others. */
async function decompressor() {
  const loaded = await import("xz-decompress");
  return "default" in loaded ? loaded.default : loaded;
}

/**
 * What xz has compressed, in one stream or several.
 *
 * @throws UnreadableError when it is cut off or damaged
 */
export async function* unxzed(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let sourceError: unknown;
  const source = (async function* () {
    try {
      yield* blocks;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  })();
  const { XzReadableStream } = await decompressor();
  const web = Readable.toWeb(Readable.from(source)) as ReadableStream<Uint8Array>;
  const reader = new XzReadableStream(web).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      // It is a view of memory that the next read overwrites.
      yield Buffer.from(next.value);
    }
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    throw new UnreadableError(`its xz data is cut off or damaged: ${error instanceof Error ? error.message : error}`);
  }
}

import { createWriteStream } from "node:fs";
import { realpath, rename, rm, stat } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Where an export goes, which takes its bytes whole or leaves nothing. */
export interface Target {
  /** @throws what the source throws, or the file system */
  fill(source: Readable, signal: AbortSignal): Promise<void>;
  /** Whether nobody sees any of it before it is whole. */
  readonly isHidden: boolean;
}

/** The other end of a pipe sees the bytes as they come. */
export function streamTarget(stream: Writable): Target {
  return { isHidden: false, fill: (source, signal) => pipeline(source, stream, { signal, end: false }) };
}

/** Writes beside the file and moves it there when all of it is on the disk. */
function fileTarget(path: string): Target {
  const partial = `${path}.part-${process.pid}`;
  return {
    isHidden: true,
    fill: async (source, signal) => {
      try {
        await pipeline(source, createWriteStream(partial, { flush: true }), { signal });
        await rename(partial, path);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
  };
}

/**
 * A file that has its name only when it is whole; an older one of that name stays until then. What is no file, such as a
 * named pipe or /dev/null, is written to as it is.
 *
 * @throws Error when the path is a directory
 */
export async function targetOf(path: string): Promise<Target> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return fileTarget(path);
  if (stats.isDirectory()) throw new Error(`${path} is a directory`);
  if (!stats.isFile()) {
    return { isHidden: false, fill: (source, signal) => pipeline(source, createWriteStream(path), { signal }) };
  }
  return fileTarget(await realpath(path));
}

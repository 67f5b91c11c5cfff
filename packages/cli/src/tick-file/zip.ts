import { addAbortSignal, type Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { UnreadableError } from "./tick.js";

/** A file in an archive. */
export interface Member {
  readonly name: string;
  /** Its share of the archive. */
  readonly compressedBytes: number;
  /** @param onShare told how much of {@link compressedBytes} has been used up, as far as that can be told */
  open(signal: AbortSignal, onShare: (bytes: number) => void): AsyncIterable<Buffer>;
}

/** What ticks come in; beside it there may be reports and notes. */
const TICK_FILE = /\.(?:csv|bi5)(?:\.gz)?$/i;

/** What an operating system adds, and folders. */
const NO_FILE = /(?:^|\/)(?:__MACOSX\/|\.)|\/$/;

async function unreadableWhere<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw new UnreadableError(`the zip archive cannot be read: ${(error as Error).message}`);
  }
}

/** The archive's reader does not check what it has decompressed: deflated data can be damaged and still make sense. */
async function* checked(stream: Readable, entry: Entry, onShare: (bytes: number) => void): AsyncGenerator<Buffer> {
  let checksum = 0;
  let bytes = 0;
  for await (const block of stream as AsyncIterable<Buffer>) {
    checksum = crc32(block, checksum);
    bytes += block.length;
    onShare((entry.compressedSize * bytes) / entry.uncompressedSize);
    yield block;
  }
  if (checksum !== entry.crc32)
    throw new UnreadableError("it is damaged: its checksum in the zip archive is another one");
}

async function* opened(
  archive: ZipFile,
  entry: Entry,
  signal: AbortSignal,
  onShare: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const stream = addAbortSignal(signal, await unreadableWhere(archive.openReadStreamPromise(entry)));
  try {
    yield* checked(stream, entry, onShare);
  } catch (error) {
    if (signal.aborted || error instanceof UnreadableError) throw error;
    throw new UnreadableError(`it is damaged: ${(error as Error).message}`);
  }
}

/**
 * The files of ticks in an archive, in the order of their names, which is that of time where they say months or hours.
 * They are to be used before the generator goes on, and the archive is closed when it ends.
 *
 * @throws UnreadableError when it is no zip archive, or there is no file in it
 */
export async function* zipMembers(path: string): AsyncGenerator<Member> {
  const archive = await unreadableWhere(openPromise(path, { lazyEntries: true, autoClose: false }));
  try {
    for (const entry of tickEntries(await unreadableWhere(entriesOf(archive)))) {
      yield {
        name: entry.fileName,
        compressedBytes: entry.compressedSize,
        open: (signal, onShare) => opened(archive, entry, signal, onShare),
      };
    }
  } finally {
    archive.close();
  }
}

async function entriesOf(archive: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of archive.eachEntry()) entries.push(entry);
  return entries;
}

function tickEntries(entries: readonly Entry[]): Entry[] {
  const files = entries.filter(({ fileName }) => !NO_FILE.test(fileName));
  if (files.length === 0) throw new UnreadableError("there is no file in the zip archive");
  const named = files.filter(({ fileName }) => TICK_FILE.test(fileName));
  return (named.length > 0 ? named : files).toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1));
}

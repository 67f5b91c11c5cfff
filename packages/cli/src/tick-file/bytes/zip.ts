import { addAbortSignal, type Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { type Entry, fromBufferPromise, openPromise, type ZipFile } from "yauzl";
import { UnreadableError } from "../tick.js";
import { gathered } from "./blocks.js";

/** A file in an archive. */
export interface Member {
  readonly name: string;
  /** Its share of the archive. */
  readonly compressedBytes: number;
  /** @param onShare told how much of {@link compressedBytes} has been used up, as far as that can be told */
  open(signal: AbortSignal, onShare: (bytes: number) => void): AsyncIterable<Buffer>;
}

/** What ticks come in; beside it there may be reports and notes, which are text too. */
const TICK_FILES = [
  /\.(?:csv|bi5|tsv|ndjson|jsonl|json|parquet)(?:\.(?:gz|bz2|xz))?$|\.zip$/i,
  /\.(?:txt|log|prn|dat|asc)(?:\.(?:gz|bz2|xz))?$/i,
];

/** An archive in an archive is read from memory, which is finite. */
const INNER_BYTES_MAX = 512 * 1024 * 1024;
/** Deeper than anybody packs them, and no deeper than memory goes. */
const DEPTH_MAX = 3;

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
export async function* zipMembers(path: string, signal: AbortSignal): AsyncGenerator<Member> {
  const archive = await unreadableWhere(openPromise(path, { lazyEntries: true, autoClose: false }));
  try {
    yield* membersOf(archive, signal, 0);
  } finally {
    archive.close();
  }
}

async function* membersOf(archive: ZipFile, signal: AbortSignal, depth: number): AsyncGenerator<Member> {
  for (const entry of tickEntries(await unreadableWhere(entriesOf(archive)))) {
    if (/\.zip$/i.test(entry.fileName)) yield* innerMembers(archive, entry, signal, depth + 1);
    else {
      yield {
        name: entry.fileName,
        compressedBytes: entry.compressedSize,
        open: (aborted, onShare) => opened(archive, entry, aborted, onShare),
      };
    }
  }
}

/** The members of an archive in an archive; of what that takes in the outer one, each has its share. */
async function* innerMembers(outer: ZipFile, entry: Entry, signal: AbortSignal, depth: number): AsyncGenerator<Member> {
  const { fileName, compressedSize, uncompressedSize } = entry;
  if (depth > DEPTH_MAX) throw new UnreadableError(`${fileName} lies in too many archives: unpack it first`);
  const bytes = await gathered(
    opened(outer, entry, signal, () => {}),
    INNER_BYTES_MAX,
    "unpack the archive in it first",
  );
  const archive = await unreadableWhere(fromBufferPromise(bytes, { lazyEntries: true }));
  const share = compressedSize / Math.max(1, uncompressedSize);
  for await (const { name, compressedBytes, open } of membersOf(archive, signal, depth)) {
    yield {
      name: `${fileName}/${name}`,
      compressedBytes: compressedBytes * share,
      open: (aborted, onShare) => open(aborted, (read) => onShare(read * share)),
    };
  }
}

async function entriesOf(archive: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of archive.eachEntry()) entries.push(entry);
  return entries;
}

function tickEntries(entries: readonly Entry[]): Entry[] {
  if (entries.some(({ fileName }) => fileName === "xl/workbook.xml"))
    throw new UnreadableError("it is an Excel workbook (xlsx): save it as CSV first");
  const files = entries.filter(({ fileName }) => !NO_FILE.test(fileName));
  if (files.length === 0) throw new UnreadableError("there is no file in the zip archive");
  const named = TICK_FILES.map((pattern) => files.filter(({ fileName }) => pattern.test(fileName)));
  const chosen = named.find((some) => some.length > 0) ?? files;
  return chosen.toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1));
}

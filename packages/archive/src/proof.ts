import { createHash } from "node:crypto";
import { type ByteRange, DamagedFileError, type ReadableStore } from "./store.js";
import { makeColumns, RowsChecksum } from "./tick-columns.js";
import { TickFile } from "./tick-file-reader.js";

/** What a file of ticks is known by. */
export interface TickFileFacts {
  readonly ticks: number;
  readonly bytes: number;
  readonly rowsChecksum: string;
  readonly fileSha256: string;
}

/**
 * Reads a file back, each byte of it, and what it says of its ticks: that it is the one that was written, and that it is read right.
 * It is held a row group at a time.
 *
 * @throws DamagedFileError when it is another one
 * @throws FileMissingError
 */
export async function proveTickFile(store: ReadableStore, path: string, facts: TickFileFacts): Promise<void> {
  const bytes = { path, size: facts.bytes, read: (range: ByteRange) => store.read(path, range) };
  const stored = await store.find(path);
  if (stored !== undefined && stored.bytes !== facts.bytes) {
    throw new DamagedFileError(path, `it has ${stored.bytes} bytes in place of ${facts.bytes}`);
  }
  const file = await TickFile.open(bytes);
  const hash = createHash("sha256");
  const checksum = new RowsChecksum();
  let hashedTo = 0;
  const readTo = async (to: number): Promise<Uint8Array> => {
    const part = await bytes.read({ from: hashedTo, to });
    hash.update(part);
    hashedTo = to;
    return part;
  };
  const columns = makeColumns(Math.max(0, ...file.groups.map(({ rows }) => rows)));
  for (const [index, { range }] of file.groups.entries()) {
    if (range.from < hashedTo || range.to > facts.bytes) throw new DamagedFileError(path, "its metadata is wrong");
    if (range.from > hashedTo) await readTo(range.from);
    checksum.add(await file.readGroup(index, await readTo(range.to), columns));
  }
  if (hashedTo < facts.bytes) await readTo(facts.bytes);
  if (hash.digest("hex") !== facts.fileSha256)
    throw new DamagedFileError(path, "its bytes are not those that were written");
  if (file.rows !== facts.ticks || checksum.digest() !== facts.rowsChecksum) {
    throw new DamagedFileError(path, "its ticks are not those that were archived");
  }
}

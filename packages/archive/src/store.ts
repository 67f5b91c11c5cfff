/** A file of the dataset as the store lists it. */
export interface StoredFile {
  /** From the dataset's root, with `/` between folders. */
  readonly path: string;
  readonly bytes: number;
  /** By the store's clock, ms since 1970. */
  readonly modifiedMs: number;
}

/** Some bytes of a file, half-open. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** A file on its way into the store. Nobody finds it before it is finished. */
export interface Upload {
  /** Takes over the bytes, which must not change any more. Waits as long as the store is behind. */
  write(bytes: Uint8Array): Promise<void>;
  /** The file is there, whole, once this resolves. */
  finish(): Promise<void>;
  /** Leaves nothing behind, as far as the store can be reached. */
  abort(): Promise<void>;
}

/**
 * Where the dataset lies. Paths are those of `layout.ts`, from the dataset's root.
 *
 * No rule of the archive rests on more than this: a file that was written is found whole, and by its name. Nothing here is
 * conditional, and two writers of one path do not see one another.
 *
 * All throw FileMissingError where a file is asked for that is not there, and StoreUnavailableError where nobody knows.
 */
export interface ArchiveStore {
  /** As it was given, without credentials. */
  readonly url: string;
  read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array>;
  /** Undefined where there is no such file. */
  find(path: string): Promise<StoredFile | undefined>;
  /** Files below a folder, such as `ticks/symbol=EURUSD/`; the whole dataset with "". In any order. */
  list(folder: string): AsyncIterable<StoredFile>;
  /** Puts a file in place of whatever is there, at once. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  upload(path: string): Promise<Upload>;
  move(from: string, to: string): Promise<void>;
  /** Removes a file if it is there. */
  remove(path: string): Promise<void>;
  /** Removes what uploads left behind that were begun before an instant and never ended. */
  clearUploads(begunBeforeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** What a file is read by. */
export type ReadableStore = Pick<ArchiveStore, "find" | "read">;

/** The store holds no file of that name. */
export class FileMissingError extends Error {
  override readonly name = "FileMissingError";

  constructor(readonly path: string) {
    super(`${path} is not in the archive`);
  }
}

/** The store cannot be reached, does not answer in time, or refuses. Trying again later may help. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

/** A file is there and is not what the archive wrote. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";

  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${reason}`, options);
  }
}

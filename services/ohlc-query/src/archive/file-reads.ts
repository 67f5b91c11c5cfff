import {
  type ArchiveStore,
  DamagedFileError,
  type FileTicks,
  openStore,
  RangedTickFile,
  ROWS_PER_GROUP,
  type StoreOptions,
} from "@fx-ohlc/archive";
import type { DroppedDay } from "./dropped-days.js";
import type { FileRead } from "./tasks.js";

/** A day of a busy symbol is smaller, and read in one go: some requests to a store for its pieces take longer. */
const WHOLE_MAX_BYTES = 2 * 1024 * 1024;
/** What is kept of the files that were read last: pages of one day follow one another. */
const KEPT_MAX_BYTES = 32 * 1024 * 1024;
/** What the index of a file takes that is not kept whole. */
const INDEX_BYTES = 64 * 1024;
/** What a tick takes that is decoded; of one row group at a time. */
const DECODED_BYTES = 40;

/** A file that may be read again. */
interface KeptFile {
  readonly file: Promise<RangedTickFile>;
  readonly bytes: number;
}

/** Reads ticks of files of one dataset after the other. A file never changes: what replaces it has another name. */
export class FileReads {
  readonly #options: StoreOptions;
  readonly #stores = new Map<string, Promise<ArchiveStore>>();
  /** Those that were read last come last. */
  readonly #kept = new Map<string, KeptFile>();
  #keptBytes = 0;

  /** @param options how stores are reached */
  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /**
   * @throws FileMissingError, StoreUnavailableError
   * @throws DamagedFileError when the file is not what the entry says
   */
  async read({ url, day, range }: FileRead, signal: AbortSignal): Promise<FileTicks> {
    const file = await this.#open(url, day, signal);
    return file.read(range);
  }

  async #open(url: string, day: DroppedDay, signal: AbortSignal): Promise<RangedTickFile> {
    const key = `${url} ${day.file}`;
    const isWhole = day.bytes <= WHOLE_MAX_BYTES;
    const known = this.#kept.get(key);
    this.#forget(key);
    // Who leaves must not end it for another who waits for the same file.
    const file = known?.file ?? open(this.#storeOf(url), day, isWhole ? signal : undefined);
    this.#keep(key, {
      file,
      bytes: (isWhole ? day.bytes : INDEX_BYTES) + DECODED_BYTES * Math.min(day.ticks, ROWS_PER_GROUP),
    });
    try {
      return await file;
    } catch (error) {
      if (this.#kept.get(key)?.file === file) this.#forget(key);
      if (known === undefined || signal.aborted) throw error;
      return this.#open(url, day, signal);
    }
  }

  #storeOf(url: string): Promise<ArchiveStore> {
    const known = this.#stores.get(url);
    if (known !== undefined) return known;
    const store = openStore(url, this.#options);
    this.#stores.set(url, store);
    return store;
  }

  #keep(key: string, kept: KeptFile): void {
    this.#kept.set(key, kept);
    this.#keptBytes += kept.bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= KEPT_MAX_BYTES || oldest === key) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#keptBytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

async function open(
  opened: Promise<ArchiveStore>,
  day: DroppedDay,
  signal: AbortSignal | undefined,
): Promise<RangedTickFile> {
  const { file: path, bytes, ticks } = day;
  const store = await opened;
  const whole = signal === undefined ? undefined : await store.read(path, undefined, signal);
  if (whole !== undefined && whole.length !== bytes) {
    throw new DamagedFileError(path, `it has ${whole.length} bytes, and its entry says ${bytes}`);
  }
  const slice = async (from: number, to = bytes) => {
    const part = whole?.subarray(from, to) ?? (await store.read(path, { from, to }));
    return new Uint8Array(part).buffer;
  };
  const file = await RangedTickFile.open({ byteLength: bytes, slice });
  if (file.ticks !== ticks) {
    throw new DamagedFileError(path, `it has ${file.ticks} ticks, and its entry says ${ticks}`);
  }
  return file;
}

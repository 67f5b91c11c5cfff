import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { addAbortSignal, Readable } from "node:stream";
import { bi5Ticks } from "./bi5.js";
import { isZip, MAGIC_BYTES, plainBlocks, READ_BYTES } from "./byte-source.js";
import { isBi5Path, symbolOfPath } from "./file-name.js";
import type { Position } from "./line-splitter.js";
import type { Source } from "./place.js";
import type { PriceChoice } from "./quote.js";
import { TEXT_FORMATS, type TextFormatName } from "./text-formats.js";
import type { BadLine, FileTick } from "./tick.js";
import { textTicks } from "./tick-text.js";
import { zipMembers } from "./zip.js";

/** What files of ticks can be. */
export const FORMAT_NAMES = ["csv", "histdata", "dukascopy", "bi5", "truefx"] as const;
export type FormatName = TextFormatName | "bi5";

export interface ReadOptions {
  readonly choice: PriceChoice | undefined;
  /** Found out when absent. */
  readonly format?: FormatName | undefined;
  /** Of bi5 prices; by the symbol when absent. */
  readonly decimals?: number | undefined;
  readonly stdin: Readable;
  /** Ends the reading with an AbortError. */
  readonly signal: AbortSignal;
}

/** What is read from front to back: a file, or a member of an archive. */
export interface Part extends Source {
  /** What its name tells. */
  readonly symbol: string | undefined;
  /** @param start where an earlier run stopped */
  batches(start?: Position): AsyncGenerator<readonly (FileTick | BadLine)[]>;
}

async function startsAsZip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    return isZip(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** A path that is opened, or standard input for `-`. */
export class InputFile {
  /** Of the members that are done with. */
  #bytesBefore = 0;
  #bytesOfCurrent: () => number = () => 0;

  constructor(
    private readonly path: string,
    private readonly options: ReadOptions,
  ) {}

  /** Bytes taken from the file so far, compressed as they are: what progress is measured by. */
  bytesRead(): number {
    return this.#bytesBefore + this.#bytesOfCurrent();
  }

  /**
   * What is in the file; each part is to be read before the next one is asked for.
   *
   * @param plain whether it is a file that can be read in any order, and thus an archive
   * @throws the file system's error
   * @throws UnreadableError when it is an archive that cannot be read
   */
  async *parts(plain: boolean): AsyncGenerator<Part> {
    const { stdin, signal } = this.options;
    if (this.path === "-") yield this.#part("standard input", "", () => addAbortSignal(signal, stdin));
    else if (plain && (await startsAsZip(this.path))) yield* this.#members();
    else yield this.#part(this.path, resolve(this.path), () => this.#stream());
  }

  #stream(): Readable {
    const stream = createReadStream(this.path, { highWaterMark: READ_BYTES, signal: this.options.signal });
    this.#bytesOfCurrent = () => stream.bytesRead;
    return stream;
  }

  async *#members(): AsyncGenerator<Part> {
    for await (const { name, compressedBytes, open } of zipMembers(this.path)) {
      let share = 0;
      const onShare = (bytes: number) => {
        share = bytes;
      };
      this.#bytesOfCurrent = () => share;
      const stream = () => Readable.from(open(this.options.signal, onShare));
      yield this.#part(`${this.path}: ${name}`, `${resolve(this.path)}/${name}`, stream);
      this.#bytesOfCurrent = () => 0;
      this.#bytesBefore += compressedBytes;
    }
  }

  /** @param path what tells its symbol, and the hour of a bi5 file */
  #part(name: string, path: string, open: () => Readable): Part {
    const { choice, format } = this.options;
    const symbol = symbolOfPath(path);
    if (format === "bi5" || (format === undefined && isBi5Path(path))) {
      const bi5Path = path.replace(/\.gz$/i, "");
      const batches = (start?: Position) => bi5Ticks(plainBlocks(open()), bi5Path, this.options, start);
      return { name, unit: "record", symbol, batches };
    }
    const options = { choice, format: format === undefined ? undefined : TEXT_FORMATS[format] };
    return { name, unit: "line", symbol, batches: (start) => textTicks(plainBlocks(open()), options, start) };
  }
}

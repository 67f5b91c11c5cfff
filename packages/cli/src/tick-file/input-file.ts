import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { peeked } from "./bytes/blocks.js";
import { isUtf16, utf8Blocks } from "./bytes/encoding.js";
import { isZip, MAGIC_BYTES, plainBlocks, READ_BYTES } from "./bytes/plain-blocks.js";
import { zipMembers } from "./bytes/zip.js";
import type { SaidColumns } from "./columns.js";
import type { DecimalMark } from "./decimal.js";
import { isBi5Path, symbolOfPath } from "./file-name.js";
import { bi5Ticks } from "./formats/bi5.js";
import { isTickHeader } from "./formats/csv.js";
import type { Months } from "./formats/dukascopy-path.js";
import { isJson, jsonTicks } from "./formats/json.js";
import { fileAccess, isParquet, memoryAccess, parquetTicks } from "./formats/parquet.js";
import { TEXT_FORMATS, tableOf } from "./formats/text-formats.js";
import type { Facts, Source } from "./place.js";
import type { PriceChoice } from "./quote.js";
import type { Position } from "./text/line-splitter.js";
import { textTicks } from "./text/text-ticks.js";
import type { BadLine, FileTick } from "./tick.js";
import type { TimeOptions } from "./time/time-reader.js";

/** What the command line says of what files hold; each is found out where it is absent. */
export interface FileOptions extends TimeOptions {
  /** One of those that are listed. */
  readonly format?: string | undefined;
  readonly columns?: SaidColumns | undefined;
  readonly encoding?: string | undefined;
  readonly mark?: DecimalMark | undefined;
  /** Of bi5 prices. */
  readonly decimals?: number | undefined;
}

export interface ReadOptions extends FileOptions {
  readonly choice: PriceChoice | undefined;
  readonly stdin: Readable;
  /** Ends the reading with an AbortError. */
  readonly signal: AbortSignal;
}

type Batches = AsyncGenerator<readonly (FileTick | BadLine)[]>;

/** What is read from front to back: a file, or a member of an archive. */
export interface Part extends Source {
  /** What its name tells. */
  readonly symbol: string | undefined;
  /** @param start where an earlier run stopped */
  batches(start?: Position): Batches;
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

/** Where a part's bytes come from. */
interface Bytes {
  /** What tells its symbol, and the hour of a bi5 file. */
  readonly path: string;
  open(): AsyncIterable<Buffer>;
  /** Whether {@link open} may be called more than once. */
  readonly isRepeatable: boolean;
  /** The file itself, where it is one that can be read anywhere. */
  readonly file?: string;
}

/** One part, whose format is known when it is read. */
class OpenPart implements Part {
  readonly facts: Facts = {};
  #unit: Source["unit"] = "line";

  constructor(
    readonly name: string,
    private readonly bytes: Bytes,
    private readonly options: ReadOptions,
    private readonly months: Months,
  ) {}

  get unit(): Source["unit"] {
    return this.#unit;
  }

  get symbol(): string | undefined {
    return symbolOfPath(this.bytes.path);
  }

  async *batches(start?: Position): Batches {
    const { format } = this.options;
    if (format === "bi5" || (format === undefined && isBi5Path(this.bytes.path))) yield* this.#bi5(start);
    else yield* this.#byLook(start);
  }

  #bi5(start: Position | undefined): Batches {
    this.#unit = "record";
    const { choice, decimals } = this.options;
    const path = this.bytes.path.replace(/\.(?:gz|bz2|xz)$/i, "");
    const options = { choice, decimals, months: this.months, facts: this.facts };
    return bi5Ticks(plainBlocks(this.bytes.open()), path, options, start);
  }

  async *#byLook(start: Position | undefined): Batches {
    const { format } = this.options;
    const { head, blocks } = await peeked(plainBlocks(this.bytes.open()), MAGIC_BYTES);
    if (format === "parquet" || (format === undefined && isParquet(head))) yield* this.#parquet(blocks, start);
    else yield* this.#text(utf8Blocks(blocks, this.options.encoding), isUtf16(head), start);
  }

  async *#parquet(blocks: AsyncIterable<Buffer>, start: Position | undefined): Batches {
    this.#unit = "record";
    const { file } = this.bytes;
    const isPlain = file !== undefined && (await startsAsParquet(file));
    yield* parquetTicks(isPlain ? await fileAccess(file) : await memoryAccess(blocks), this.#readOptions, start);
  }

  async *#text(source: AsyncIterable<Buffer>, isWide: boolean, start: Position | undefined): Batches {
    const { format, columns } = this.options;
    const { head, blocks } = await peeked(source, MAGIC_BYTES);
    if (format === "json" || format === "ndjson" || (format === undefined && isJson(head))) {
      yield* jsonTicks(blocks, this.#readOptions, start);
      return;
    }
    const given = TEXT_FORMATS.find(({ name }) => name === format);
    const { isRepeatable, path } = this.bytes;
    const again = () => utf8Blocks(plainBlocks(this.bytes.open()), this.options.encoding);
    const options = {
      ...this.#readOptions,
      ...{ path, mark: this.options.mark, isHeader: isTickHeader, again: isRepeatable ? again : undefined },
      tableOf: (look: Parameters<typeof tableOf>[0]) =>
        tableOf({ ...look, isUtf16: isWide }, { format: given, columns }),
    };
    yield* textTicks(blocks, options, start);
  }

  get #readOptions() {
    const { choice, columns, timeFormat, timezone } = this.options;
    return { choice, columns, timeFormat, timezone, facts: this.facts };
  }
}

async function startsAsParquet(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    return isParquet(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** A path that is opened, or standard input for `-`. */
export class InputFile {
  /** Of the members that are done with. */
  #bytesBefore = 0;
  #bytesOfCurrent: () => number = () => 0;

  /** @param months of the files that are read together */
  constructor(
    private readonly path: string,
    private readonly options: ReadOptions,
    private readonly months: Months,
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
    if (this.path === "-") {
      const bytes = { path: "", open: () => addAbortSignal(signal, stdin), isRepeatable: false };
      yield this.#part("standard input", bytes);
    } else if (plain && (await startsAsZip(this.path))) yield* this.#members();
    else {
      const bytes = { path: resolve(this.path), open: () => this.#stream(), isRepeatable: plain };
      yield this.#part(this.path, plain ? { ...bytes, file: this.path } : bytes);
    }
  }

  #stream(): Readable {
    const stream = createReadStream(this.path, { highWaterMark: READ_BYTES, signal: this.options.signal });
    this.#bytesOfCurrent = () => stream.bytesRead;
    return stream;
  }

  async *#members(): AsyncGenerator<Part> {
    for await (const { name, compressedBytes, open } of zipMembers(this.path, this.options.signal)) {
      let share = 0;
      const onShare = (bytes: number) => {
        share = bytes;
      };
      this.#bytesOfCurrent = () => share;
      const path = `${resolve(this.path)}/${name}`;
      yield this.#part(`${this.path}: ${name}`, {
        path,
        open: () => open(this.options.signal, onShare),
        isRepeatable: true,
      });
      this.#bytesOfCurrent = () => 0;
      this.#bytesBefore += compressedBytes;
    }
  }

  #part(name: string, bytes: Bytes): Part {
    return new OpenPart(name, bytes, this.options, this.months);
  }
}

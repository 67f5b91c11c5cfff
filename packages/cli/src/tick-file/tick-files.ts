import { stat } from "node:fs/promises";
import { type MonthCount, Months } from "./formats/dukascopy-path.js";
import { InputFile, type Part, type ReadOptions } from "./input-file.js";
import { FileError, type Source } from "./place.js";
import type { Position } from "./text/line-splitter.js";
import { type BadLine, type FileTick, isTick, UnreadableError } from "./tick.js";

/** A file to read. */
export interface FileToRead {
  /** A path, or `-` for standard input. */
  readonly path: string;
  /** Bytes; undefined for what can be read only once, from front to back. */
  readonly size: number | undefined;
}

/**
 * What there is to know of a file before it is read. What a shell passes for <(…) has no size: a pipe with a name.
 *
 * @throws Error when there is none, or it is a directory
 */
export async function fileToRead(path: string): Promise<FileToRead> {
  if (path === "-") return { path, size: undefined };
  const stats = await stat(path);
  if (stats.isDirectory()) throw new Error(`${path} is a directory: name the files in it`);
  return { path, size: stats.isFile() ? stats.size : undefined };
}

/** A place in one of several files, behind a line or a record. */
export interface FilesPosition extends Position {
  readonly file: number;
  /** Of an archive; 0 elsewhere. */
  readonly member: number;
}

const FIRST: FilesPosition = { file: 0, member: 0, line: 0, offset: 0 };

/** A quote whose symbol is known. */
export interface SymbolTick extends FileTick {
  readonly symbol: string;
}

/** Lines or records that were read together. */
export interface Batch {
  readonly source: Source;
  readonly file: number;
  readonly member: number;
  readonly lines: readonly (SymbolTick | BadLine)[];
}

export interface FilesOptions extends ReadOptions {
  /** Stands in for what the files say. */
  readonly symbol: string | undefined;
  /** How the months of bi5 files' paths are counted; found out where that is certain when absent. */
  readonly months?: MonthCount | undefined;
  /** What to do with a file that cannot be read to its end: go on with the next one, or stop. */
  readonly onUnreadable: "skip" | "stop";
}

/** Gives the quotes of one part their symbol. */
class Naming {
  /** The first symbol that a line named. */
  #first: string | undefined;
  #ofPart: string | undefined;

  constructor(
    private readonly part: Part,
    private readonly symbol: string | undefined,
  ) {}

  /** @throws Error when nothing tells the symbol */
  name(line: FileTick | BadLine): SymbolTick | BadLine {
    if (!isTick(line)) return line;
    const { symbol: said } = line;
    this.#first ??= said;
    // One name for two symbols would mix them up for good.
    if (this.symbol !== undefined && said !== this.#first) {
      return { line: line.line, problem: `is of ${said}, lines before it of ${this.#first}: leave out --symbol` };
    }
    const { line: number, end, timeUs, seq, prices } = line;
    return { line: number, end, timeUs, seq, prices, symbol: this.symbol ?? said ?? this.#symbolOfPart() };
  }

  #symbolOfPart(): string {
    this.#ofPart ??= this.part.symbol;
    if (this.#ofPart === undefined) throw new Error("neither it nor its name says which symbol it holds: add --symbol");
    return this.#ofPart;
  }
}

/** Reads files one after the other as if they were one. */
export class TickFiles {
  readonly #months: Months;
  #current: InputFile | undefined;
  #bytesBefore = 0;

  constructor(
    private readonly files: readonly FileToRead[],
    private readonly options: FilesOptions,
  ) {
    this.#months = new Months(options.months);
    for (const { path } of files) this.#months.see(path);
  }

  /** All their bytes; undefined when that is not known. */
  get bytesTotal(): number | undefined {
    return this.files.reduce<number | undefined>(
      (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
      0,
    );
  }

  /** Bytes that have been read, compressed as they are. */
  bytesRead(): number {
    return this.#bytesBefore + (this.#current?.bytesRead() ?? 0);
  }

  /**
   * The quotes of all files in order.
   *
   * @param from where an earlier run stopped
   * @throws FileError at a file that ends the reading: it makes no sense, or does not say which symbol, price or scale it has
   */
  async *batches(from: FilesPosition = FIRST): AsyncGenerator<Batch> {
    for (const [file, { size }] of this.files.entries()) {
      if (file >= from.file) yield* this.#batchesOfFile(file, file === from.file ? from : FIRST);
      this.#current = undefined;
      this.#bytesBefore += size ?? 0;
    }
  }

  async *#batchesOfFile(file: number, from: FilesPosition): AsyncGenerator<Batch> {
    const { path = "", size } = this.files[file] ?? {};
    this.#current = new InputFile(path, this.options, this.#months);
    let member = 0;
    try {
      for await (const part of this.#current.parts(size !== undefined)) {
        if (member >= from.member)
          yield* this.#batchesOfPart(part, file, member, member === from.member ? from : FIRST);
        member += 1;
      }
    } catch (error) {
      yield this.#leftOut({ name: path, unit: "line", facts: {} }, file, member, error);
    }
  }

  async *#batchesOfPart(part: Part, file: number, member: number, start: Position): AsyncGenerator<Batch> {
    const naming = new Naming(part, this.options.symbol);
    try {
      for await (const lines of part.batches(start)) {
        yield { source: part, file, member, lines: lines.map((line) => naming.name(line)) };
      }
    } catch (error) {
      yield this.#leftOut(part, file, member, error);
    }
  }

  /** What stands for the rest of a file that makes no sense, when it is to be skipped. */
  #leftOut(source: Source, file: number, member: number, error: unknown): Batch {
    if (error instanceof FileError || this.options.signal.aborted) throw error;
    const skipped = error instanceof UnreadableError && this.options.onUnreadable === "skip";
    if (!skipped) throw new FileError(source, error);
    return { source, file, member, lines: [{ line: 0, problem: error.message }] };
  }
}

import type { Micros } from "@fx-ohlc/schemas";
import { type LineReader, lineReader, type PriceSide } from "./columns.js";
import { type Line, LineSplitter, type Position } from "./line-splitter.js";
import { skipBytes } from "./text-source.js";

/** A line that holds a tick. */
export interface FileTick {
  readonly line: number;
  /** Bytes of the text up to the end of this line. */
  readonly end: number;
  readonly timeUs: Micros;
  /** Decimal text. */
  readonly price: string;
}

/** A line that cannot be read. */
export interface BadLine {
  readonly line: number;
  readonly end: number;
  readonly problem: string;
}

/** Where to go on in a text whose first lines have been dealt with before. */
export interface TextStart extends Position {
  readonly header: string;
}

function readLine(line: Line, read: LineReader): FileTick | BadLine {
  const { number, end, text } = line;
  const quote = read(text);
  if (typeof quote === "string") return { line: number, end, problem: quote };
  return { line: number, end, timeUs: quote.timeUs, price: quote.price };
}

/** A CSV text of ticks, read once from front to back, or from where an earlier run stopped. */
export class TickText {
  readonly #blocks: AsyncIterable<Buffer>;
  readonly #side: PriceSide | undefined;
  readonly #splitter: LineSplitter;
  readonly #skip: number;
  #header: string | undefined;
  #read: LineReader | undefined;

  constructor(blocks: AsyncIterable<Buffer>, side: PriceSide | undefined, start?: TextStart) {
    this.#blocks = blocks;
    this.#side = side;
    this.#splitter = new LineSplitter(start);
    this.#skip = start?.offset ?? 0;
    if (start !== undefined) this.#setHeader(start.header);
  }

  /** The header line; empty before the first block has been read. */
  get header(): string {
    return this.#header ?? "";
  }

  /**
   * The lines, block by block, without empty ones and without the repeated headers of files laid end to end.
   *
   * @throws Error when the header lacks a column or there is none
   */
  async *lines(): AsyncGenerator<readonly (FileTick | BadLine)[]> {
    for await (const block of skipBytes(this.#blocks, this.#skip)) yield this.#readLines(this.#splitter.push(block));
    yield this.#readLines(this.#splitter.end());
    if (this.#read === undefined) throw new Error("the file is empty");
  }

  #setHeader(header: string): LineReader {
    this.#header = header;
    this.#read = lineReader(header, this.#side);
    return this.#read;
  }

  #readLines(lines: Line[]): (FileTick | BadLine)[] {
    const [first] = lines;
    if (first === undefined) return [];
    const headed = this.#read === undefined;
    const read = this.#read ?? this.#setHeader(first.text);
    return lines
      .slice(headed ? 1 : 0)
      .filter(({ text }) => text !== "" && text !== this.#header)
      .map((line) => readLine(line, read));
  }
}

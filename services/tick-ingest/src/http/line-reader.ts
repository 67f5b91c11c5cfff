import { endBeforeNuls, refuseUtf16, startAfterMark } from "./body-form.js";

/** A line longer than this cannot be a tick; without a bound a body without line ends would fill the memory. */
const LINE_BYTES_MAX = 16 * 1024;

/** A body that is not made of lines. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";

  constructor(readonly line: number) {
    super(`line ${line} is longer than ${LINE_BYTES_MAX} bytes`);
  }
}

/** One line of a streamed body: the bytes [from, to), without its end and white space before that. */
export class Line {
  constructor(
    /** Where it begins: before its number where a value in quotes holds line ends. */
    readonly firstNumber: number,
    /** 1 is the first. */
    readonly number: number,
    readonly bytes: Buffer,
    readonly from: number,
    readonly to: number,
  ) {}

  get text(): string {
    return this.bytes.toString("utf8", this.from, this.to);
  }
}

const LINE_END = 0x0a;
const QUOTE = 0x22;

/** Of a format in whose quotes a line end is none. */
export interface Quotes {
  /** Looks at the next bytes [from, to) of a line, its end among them. @returns whether it goes on after them */
  goOnAfter(bytes: Uint8Array, from: number, to: number): boolean;
}

/**
 * Cuts a body into lines as its bytes come; LF and CRLF both end a line, a byte order mark before the first and NULs after the last
 * are dropped, empty lines are numbered and left out.
 */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);
  #number = 0;
  /** Of the line that has begun: its first number, and how much of it quotes were looked for in. */
  #firstNumber = 1;
  #seen = 0;

  constructor(private readonly quotes?: Quotes) {}

  /** Line ends so far. */
  get count(): number {
    return this.#number;
  }

  /**
   * The lines that end in these bytes.
   *
   * @throws LineTooLongError
   * @throws Problem 415 when they begin as UTF-16 does
   */
  cut(chunk: Buffer): Line[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: Line[] = [];
    let from = 0;
    let seen = this.#seen;
    let quoteAt = this.quotes === undefined ? Number.POSITIVE_INFINITY : seen === 0 ? -1 : 0;
    for (let to = bytes.indexOf(LINE_END, seen); to >= 0; to = bytes.indexOf(LINE_END, seen)) {
      this.#number += 1;
      if (quoteAt < seen && seen === from) quoteAt = indexOrEnd(bytes, QUOTE, seen);
      const goesOn = quoteAt < to && this.quotes?.goOnAfter(bytes, seen, to + 1) === true;
      seen = to + 1;
      if (goesOn) this.#boundLength(seen - from);
      else from = this.#add(lines, bytes, from, to);
    }
    this.#rest = bytes.subarray(from);
    this.#seen = seen - from;
    this.#boundLength(this.#rest.length);
    return lines;
  }

  /** The last line, where the body ended without a line end. */
  end(): Line[] {
    const last: Line[] = [];
    const to = endBeforeNuls(this.#rest);
    if (to > this.#seen) this.#number += 1;
    this.#add(last, this.#rest, 0, to);
    return last;
  }

  /** @returns where the next line begins */
  #add(lines: Line[], bytes: Buffer, start: number, end: number): number {
    const first = this.#firstNumber;
    this.#firstNumber = this.#number + 1;
    if (end - start > LINE_BYTES_MAX) throw new LineTooLongError(first);
    if (first === 1) refuseUtf16(bytes, start);
    const from = first === 1 ? startAfterMark(bytes, start) : start;
    let to = end;
    while (to > from && isSpace(bytes[to - 1] ?? 0)) to -= 1;
    if (to > from) lines.push(new Line(first, this.#number, bytes, from, to));
    return end + 1;
  }

  #boundLength(bytes: number): void {
    if (bytes > LINE_BYTES_MAX) throw new LineTooLongError(this.#firstNumber);
  }
}

function indexOrEnd(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

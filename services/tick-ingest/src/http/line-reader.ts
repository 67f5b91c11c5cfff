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
const BYTE_ORDER_MARK = Buffer.from("\uFEFF");

/**
 * Cuts a body into lines as its bytes come; LF and CRLF both end a line, a byte order mark is dropped, empty lines are numbered and
 * left out.
 */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);
  #number = 0;

  /** Line ends so far. */
  get count(): number {
    return this.#number;
  }

  /**
   * The lines that end in these bytes.
   *
   * @throws LineTooLongError
   */
  cut(chunk: Buffer): Line[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: Line[] = [];
    let from = 0;
    for (let to = bytes.indexOf(LINE_END); to >= 0; to = bytes.indexOf(LINE_END, from)) {
      this.#number += 1;
      addLine(lines, this.#number, bytes, from, to);
      from = to + 1;
    }
    this.#rest = bytes.subarray(from);
    if (this.#rest.length > LINE_BYTES_MAX) throw new LineTooLongError(this.#number + 1);
    return lines;
  }

  /** The last line, where the body ended without a line end. */
  end(): Line[] {
    const last: Line[] = [];
    addLine(last, this.#number + 1, this.#rest, 0, this.#rest.length);
    return last;
  }
}

function addLine(lines: Line[], number: number, bytes: Buffer, start: number, end: number): void {
  if (end - start > LINE_BYTES_MAX) throw new LineTooLongError(number);
  const mark = BYTE_ORDER_MARK.length;
  const isMarked = number === 1 && bytes.subarray(start, start + mark).equals(BYTE_ORDER_MARK);
  const from = isMarked ? start + mark : start;
  let to = end;
  while (to > from && isSpace(bytes[to - 1] ?? 0)) to -= 1;
  if (to > from) lines.push(new Line(number, bytes, from, to));
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

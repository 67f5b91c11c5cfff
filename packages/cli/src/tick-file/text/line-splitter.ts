import { UnreadableError } from "../tick.js";

/** A place between two lines of a text. */
export interface Position {
  /** Lines before it. */
  readonly line: number;
  /** Bytes before it. */
  readonly offset: number;
}

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** Bytes of the text up to the end of this line, its line feed included. */
  readonly end: number;
}

/** Far above any line of ticks: beyond it the file is not what it was taken for, and memory is finite. */
export const LINE_LENGTH_MAX = 64 * 1024;

/**
 * Cuts a text that arrives in blocks into lines, and knows the byte where each one ends, so that reading can go on from
 * there another time.
 *
 * Bytes are read as Latin-1, one character each: what a tick file holds is ASCII, and lengths are then byte counts. A full CSV
 * parser takes more than five times as long for the same rows (csv-parse 7: 8 µs a row with positions, 0.6 µs here), so it is
 * asked only for lines with quotes.
 */
export class LineSplitter {
  #rest = "";
  #line: number;
  #offset: number;

  /** @param newline what ends a line: a line feed, perhaps behind a carriage return, or that alone as old Macintoshes have it */
  constructor(
    start: Position = { line: 0, offset: 0 },
    private readonly newline: "\n" | "\r" = "\n",
  ) {
    this.#line = start.line;
    this.#offset = start.offset;
  }

  /** The lines that a block completes. */
  push(block: Buffer): Line[] {
    const texts = (this.#rest + block.toString("latin1")).split(this.newline);
    this.#rest = texts.pop() ?? "";
    if (this.#rest.length > LINE_LENGTH_MAX) {
      throw new UnreadableError(
        `line ${this.#line + texts.length + 1} is longer than ${LINE_LENGTH_MAX} bytes: is this a CSV file?`,
      );
    }
    return texts.map((text) => this.#take(text, 1));
  }

  /** The last line, when the text does not end with a line feed. */
  end(): Line[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? [] : [this.#take(rest, 0)];
  }

  #take(raw: string, lineFeedLength: number): Line {
    this.#line += 1;
    this.#offset += raw.length + lineFeedLength;
    return { number: this.#line, text: raw.endsWith("\r") ? raw.replace(/\r+$/, "") : raw, end: this.#offset };
  }
}

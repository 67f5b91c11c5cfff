import type { Quotes } from "./line-reader.js";

const QUOTE = 0x22;

/** In quotes a line end is part of a value. */
export class CsvQuotes implements Quotes {
  #isOpen = false;

  goOnAfter(bytes: Uint8Array, from: number, to: number): boolean {
    // A quote that is doubled within others closes them and opens them again.
    for (let at = from; at < to; at += 1) if (bytes[at] === QUOTE) this.#isOpen = !this.#isOpen;
    return this.#isOpen;
  }
}

/** A value in quotes, each quote in it doubled, or one without, and the comma or the end after it. */
const CELL = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y;

/**
 * The values of a row, without the quotes and the white space around them.
 *
 * @returns undefined where a quote is not closed, or there is something beside it
 */
export function cellsOf(row: string): string[] | undefined {
  const cells: string[] = [];
  for (CELL.lastIndex = 0; ; ) {
    const found = CELL.exec(row);
    if (found === null) return undefined;
    const [, quoted, bare = "", end] = found;
    cells.push((quoted?.replaceAll('""', '"') ?? bare).trim());
    if (end === "") return cells;
  }
}

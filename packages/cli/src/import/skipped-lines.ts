import { counted, grouped, type Terminal } from "../terminal.js";

/** More than a person reads; all of them are counted. */
const LISTED_MAX = 1_000;

/** The lines an import leaves out, for the list at its end. */
export class SkippedLines {
  readonly #listed: { line: number; problem: string }[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param line counted from 1 */
  add(line: number, problem: string): void {
    this.#count += 1;
    if (this.#listed.length < LISTED_MAX) this.#listed.push({ line, problem });
  }

  /** Counts lines that the service refused without naming them. */
  addUnnamed(count: number): void {
    this.#count += count;
  }

  list(terminal: Terminal): void {
    if (this.#count === 0) return;
    terminal.say(`${counted(this.#count, "line")} skipped:`);
    // Chunks are answered after the lines behind them were read: put in the file's order for the reader.
    const inOrder = this.#listed.toSorted((a, b) => a.line - b.line);
    for (const { line, problem } of inOrder) terminal.say(`  line ${line}: ${problem}`);
    if (this.#count > inOrder.length) terminal.say(`  and ${grouped(this.#count - inOrder.length)} more`);
  }
}

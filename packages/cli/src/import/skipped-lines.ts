import { counted, grouped, type Terminal } from "../terminal.js";
import { type Place, placeText } from "../tick-file/place.js";

/** More than a person reads; all of them are counted. */
const LISTED_MAX = 1_000;

/** Says how many lines were left out that are as they should be, but have no price. */
export function unpricedText(count: number): string {
  return `${counted(count, "line")} not stored: without the prices that are taken`;
}

/** The lines an import leaves out, for the list at its end. */
export class SkippedLines {
  readonly #listed: { place: Place; problem: string }[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(place: Place, problem: string): void {
    this.#count += 1;
    if (this.#listed.length < LISTED_MAX) this.#listed.push({ place, problem });
  }

  /** Counts lines that the service refused without naming them. */
  addUnnamed(count: number): void {
    this.#count += count;
  }

  list(terminal: Terminal): void {
    if (this.#count === 0) return;
    const filesOnly = this.#listed.every(({ place }) => place.line === 0);
    terminal.say(`${counted(this.#count, filesOnly ? "file" : "line")} skipped:`);
    for (const { place, problem } of this.#inOrder()) terminal.say(`  ${placeText(place)}: ${problem}`);
    const unlisted = this.#count - this.#listed.length;
    if (unlisted > 0) terminal.say(`  and ${grouped(unlisted)} more`);
  }

  /** Chunks are answered after the lines behind them were read: put in the order of the files for the reader. */
  #inOrder(): { place: Place; problem: string }[] {
    const sources = [...new Set(this.#listed.map(({ place }) => place.source))];
    const rank = new Map(sources.map((source, index) => [source, index]));
    return this.#listed.toSorted(
      ({ place: a }, { place: b }) => (rank.get(a.source) ?? 0) - (rank.get(b.source) ?? 0) || a.line - b.line,
    );
  }
}

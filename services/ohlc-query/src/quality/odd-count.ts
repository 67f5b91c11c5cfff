import type { TickColumns } from "../ticks.js";

/** So many times the average move from tick to tick: no market moves so far and back again with one tick between. */
export const MOVES = 20;

/** Of this many spikes, those are let go that are too small whatever is to come. */
const SPIKES_MAX = 200_000;
/** What came late may not be in the bars that were counted. */
const MORE_TICKS_MAX = 2;

/** Counts odd ticks of pages that follow one another, as the statement in `outliers.ts` does of those in the table. */
export class OddCount {
  crossedQuotes = 0;
  readonly #ticksMax: number;
  #ticks = 0;
  /** The last two prices. */
  #before: number | undefined;
  #last: number | undefined;
  /** How far it is from tick to tick, of all together. */
  #way = 0;
  /** By how much ticks lie beyond both of their neighbours. */
  #spikes: number[] = [];
  #spikesMax = SPIKES_MAX;

  /** @param ticks as many as the bars say there are */
  constructor(ticks: number) {
    this.#ticksMax = MORE_TICKS_MAX * ticks;
  }

  add({ price, sides }: Pick<TickColumns, "price" | "sides">): void {
    for (const next of price) this.#addPrice(next);
    sides?.ask.forEach((ask, i) => {
      if (ask < (sides.bid[i] ?? ask)) this.crossedQuotes += 1;
    });
    if (this.#spikes.length > this.#spikesMax) this.#letGo();
  }

  get outliers(): number {
    const average = this.#way / (this.#ticks - 1);
    return this.#spikes.filter((spike) => spike > MOVES * average).length;
  }

  #addPrice(next: number): void {
    const [before, last] = [this.#before, this.#last];
    this.#ticks += 1;
    this.#before = last;
    this.#last = next;
    if (last === undefined) return;
    this.#way += Math.abs(next - last);
    if (before === undefined) return;
    const [here, back] = [last - before, last - next];
    if (Math.sign(here) === Math.sign(back)) this.#spikes.push(Math.min(Math.abs(here), Math.abs(back)));
  }

  /** The average of all is no less than what was gone so far by as many ticks as there may be. */
  #letGo(): void {
    const least = (MOVES * this.#way) / Math.max(this.#ticksMax, this.#ticks);
    this.#spikes = this.#spikes.filter((spike) => spike > least);
    this.#spikesMax = Math.max(SPIKES_MAX, 2 * this.#spikes.length);
  }
}

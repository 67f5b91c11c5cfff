import { bucketEnd, type DayBoundary, type Micros, type TickKey } from "@fx-ohlc/schemas";
import { type BarPart, Bars, partOf } from "./bars.js";
import { type Folding, foldBars } from "./fold.js";
import type { SingleTicks } from "./tick-source.js";

/** Where a bar of ticks begins. */
export interface GroupStart extends TickKey {
  /** Where its FX day ends: the bar has no tick from there on. */
  readonly dayEndUs: Micros;
}

/** How the ticks are counted. */
export interface Counting {
  readonly perBar: number;
  readonly boundary: DayBoundary;
  /** How many ticks its FX day had before the first one. */
  readonly before: number;
  /** Where that day ends. */
  readonly dayEndUs: Micros;
  /** Bars that are made at most. */
  readonly barsMax: number;
  /** Bars begin before this place. */
  readonly until: TickKey;
}

/** Groups have numbers in the place of times, for several may begin at one time. */
const BY_NUMBER: Folding = { source: undefined, startOf: (group) => group, endOf: (group) => group + 1 };

/** Puts ticks that come in order into bars of equally many, counted from the start of their FX day, whose last one may have fewer. */
export class TickGroups {
  readonly starts: GroupStart[] = [];
  readonly #counting: Counting;
  readonly #done: BarPart[] = [];
  #rest = Bars.NONE;
  #ordinal: number;
  #dayEndUs: Micros;
  #isFull = false;

  constructor(counting: Counting) {
    this.#counting = counting;
    this.#ordinal = counting.before;
    this.#dayEndUs = counting.dayEndUs;
  }

  /** Whether a bar was about to begin that is not wanted any more, because there are enough. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** @returns whether more ticks are wanted */
  add({ columns, seq }: SingleTicks): boolean {
    const { bucketUs } = columns;
    const groups: number[] = [];
    let isWanted = true;
    for (let i = 0; i < bucketUs.length && isWanted; i += 1) {
      isWanted = this.#take(bucketUs[i] ?? 0, seq[i] ?? 0);
      if (isWanted) groups.push(this.starts.length - 1);
    }
    // Those of a bar that began before the range come first.
    const from = groups.findIndex((group) => group >= 0);
    const to = groups.length;
    this.#fold({ chunk: undefined, columns: { ...columns, bucketUs: groups }, from: from < 0 ? to : from, to });
    return isWanted;
  }

  /** All bars, the last one whole or not: their starts are the numbers of the groups. */
  finish(): Bars {
    return new Bars([...this.#done, partOf(foldBars(this.#rest, BY_NUMBER))]);
  }

  /** Counts a tick. @returns whether it is of a bar that is wanted */
  #take(timeUs: Micros, seq: number): boolean {
    const { perBar, boundary, barsMax, until } = this.#counting;
    const isNextDay = timeUs >= this.#dayEndUs;
    const ordinal = isNextDay ? 0 : this.#ordinal;
    if (ordinal % perBar === 0) {
      const isBefore = timeUs < until.timeUs || (timeUs === until.timeUs && seq < until.seq);
      this.#isFull = isBefore && this.starts.length >= barsMax;
      if (!isBefore || this.#isFull) return false;
      if (isNextDay) this.#dayEndUs = bucketEnd(timeUs, "1d", boundary);
      this.starts.push({ timeUs, seq, dayEndUs: this.#dayEndUs });
    }
    this.#ordinal = ordinal + 1;
    return true;
  }

  /** All but the last bar have all their ticks. */
  #fold(part: BarPart): void {
    const ticks = new Bars([...this.#rest.parts, part]);
    const last = this.starts.length - 1;
    this.#done.push(partOf(foldBars(ticks.between(Number.NEGATIVE_INFINITY, last), BY_NUMBER)));
    this.#rest = ticks.between(last, Number.POSITIVE_INFINITY);
  }
}

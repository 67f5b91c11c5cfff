import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  type Micros,
  type SymbolRange,
  type TickKey,
} from "@fx-ohlc/schemas";
import { type BarArrays, eachColumn } from "./bar-columns.js";
import type { Bars } from "./bars.js";
import { eachQuoteColumn } from "./quote-columns.js";
import { type GroupStart, TickGroups } from "./tick-groups.js";
import { startOfLast } from "./tick-plan.js";
import { refuseBar, type TickWalk } from "./tick-walk.js";

/** Which bars of ticks to read: those whose first tick lies within a range. */
export interface TickBarRange extends SymbolRange {
  readonly perBar: number;
  /** Of bars that begin at `fromUs` only those after it, -1 for all. */
  readonly afterSeq: number;
  /** Of bars that begin at `toUs` those before it too, 0 for none. */
  readonly beforeSeq: number;
  readonly limit: number;
  readonly withQuotes: boolean;
  /** Whether a bar that may get more ticks is left out. */
  readonly completeOnly: boolean;
}

/** Bars of ticks, ascending; `bucketUs` is the time of the first tick. */
export interface TickBars extends BarArrays {
  readonly ofTicks: {
    /** Of the first tick. */
    readonly seq: readonly number[];
    /** Whether it has all its ticks, or its FX day is over. */
    readonly isComplete: readonly boolean[];
  };
}

/** Bars, and after or before which place there are others. */
export interface TickBarPage {
  readonly bars: TickBars;
  readonly cursor: TickKey | undefined;
}

/** What one walk has made. */
interface Made {
  readonly bars: TickBars;
  readonly isCut: boolean;
  readonly reachedUs: Micros;
}

const LAST_SEQ = 1023;

/** Reads bars of equally many ticks, counted from the start of each FX day. Nothing of them is kept. */
export class TickBarPages {
  readonly #walk: TickWalk;

  constructor(walk: TickWalk) {
    this.#walk = walk;
  }

  get #boundary(): DayBoundary {
    return this.#walk.reader.dayBoundary;
  }

  /** The first `limit` bars, or fewer where their ticks are too many for one page. */
  async first(range: TickBarRange): Promise<TickBarPage> {
    const kept = await this.#kept(range);
    const { bars, isCut, reachedUs } = await this.#make(kept, range.limit);
    const last = bars.bucketUs.length - 1;
    // A page without any bar goes on where no tick was found.
    const cursor = { timeUs: bars.bucketUs[last] ?? reachedUs - 1, seq: bars.ofTicks.seq[last] ?? LAST_SEQ };
    return { bars: range.completeOnly ? complete(bars) : bars, cursor: isCut ? cursor : undefined };
  }

  /** The last `limit` bars, or fewer where their ticks are too many for one page. */
  async last(range: TickBarRange): Promise<TickBarPage> {
    const kept = await this.#kept(range);
    const { minutes } = this.#walk;
    const minutesOf = this.#walk.minuteRange(range.symbol);
    // One more shows whether there are others, and the last one may be left out.
    const start = await startOfLast(minutes, minutesOf, { ...kept, limit: range.limit + 2 });
    const made = await this.#make({ ...kept, ...start.from }, Number.POSITIVE_INFINITY);
    if (made.isCut) refuseBar(`a page of ${range.perBar}t`);
    const bars = range.completeOnly ? complete(made.bars) : made.bars;
    const count = bars.bucketUs.length;
    const first = Math.max(0, count - range.limit);
    const cursor = { timeUs: bars.bucketUs[first] ?? start.from.fromUs, seq: bars.ofTicks.seq[first] ?? 0 };
    return { bars: slice(bars, first, count), cursor: first > 0 || !start.isAll ? cursor : undefined };
  }

  /** The part of a range of which ticks are kept. */
  async #kept(range: TickBarRange): Promise<TickBarRange> {
    const fromUs = await this.#walk.keptFrom(range);
    return fromUs <= range.fromUs ? range : { ...range, fromUs, afterSeq: -1 };
  }

  async #make(range: TickBarRange, barsMax: number): Promise<Made> {
    const { symbol, fromUs, toUs, afterSeq, beforeSeq, perBar } = range;
    const { reader } = this.#walk;
    const boundary = this.#boundary;
    const nowUs = reader.nowUs();
    const until = { timeUs: toUs, seq: beforeSeq };
    const dayStartUs = bucketStart(fromUs, "1d", boundary);
    const upTo = { timeUs: fromUs, seq: afterSeq };
    const before = await this.#walk.count({ symbol, dayStartUs, upTo });
    const dayEndUs = bucketEnd(fromUs, "1d", boundary);
    const groups = new TickGroups({ perBar, boundary, before, dayEndUs, barsMax, until });
    // The last bar may go on after the end of the range, but not into the next day.
    const ticks = { ...range, toUs: bucketEnd(toUs, "1d", boundary) };
    const rows = Math.min(barsMax + 2, 1000) * perBar;
    let [isAll, reachedUs] = [false, fromUs];
    for await (const part of this.#walk.forward(ticks, afterSeq, rows)) {
      isAll = !groups.add(part) || part.isLast;
      reachedUs = part.reachedUs;
      if (isAll) break;
    }
    return { ...madeOf(groups, range, { isAll, nowUs }), reachedUs };
  }
}

/** The last bar of a walk that came to its bound may lack ticks: it is left to the next page. */
function madeOf(
  groups: TickGroups,
  { perBar }: TickBarRange,
  { isAll, nowUs }: { readonly isAll: boolean; readonly nowUs: Micros },
): Omit<Made, "reachedUs"> {
  const folded = groups.finish();
  const count = folded.count;
  const all = tickBars(folded, groups.starts, perBar, nowUs);
  const isCut = !isAll || groups.isFull;
  const isLastPart = !isAll && (all.tickCount[count - 1] ?? 0) < perBar;
  return { bars: isLastPart ? slice(all, 0, count - 1) : all, isCut };
}

function tickBars(folded: Bars, starts: readonly GroupStart[], perBar: number, nowUs: Micros): TickBars {
  const columns = folded.arrays();
  return {
    ...columns,
    bucketUs: starts.map(({ timeUs }) => timeUs),
    ofTicks: {
      seq: starts.map(({ seq }) => seq),
      isComplete: starts.map(({ dayEndUs }, i) => columns.tickCount[i] === perBar || dayEndUs <= nowUs),
    },
  };
}

function slice(bars: TickBars, from: number, to: number): TickBars {
  return picked(bars, (values) => values.slice(from, to));
}

function complete(bars: TickBars): TickBars {
  return picked(bars, (values) => values.filter((_value, i) => bars.ofTicks.isComplete[i]));
}

/** Some of the bars: the same places of each column. */
function picked({ quotes, ofTicks, ...bars }: TickBars, pick: <T>(values: readonly T[]) => T[]): TickBars {
  return {
    ...eachColumn((name) => pick(bars[name])),
    ...(quotes === undefined ? {} : { quotes: eachQuoteColumn((name) => pick(quotes[name])) }),
    ofTicks: { seq: pick(ofTicks.seq), isComplete: pick(ofTicks.isComplete) },
  };
}

/** The bars of several symbols one after the other. */
export function joinTickBars(all: readonly TickBars[]): TickBars {
  const hasQuotes = all.some(({ quotes }) => quotes !== undefined);
  return {
    ...eachColumn((name) => all.flatMap(({ [name]: values }) => values)),
    ...(hasQuotes ? { quotes: eachQuoteColumn((name) => all.flatMap(({ quotes }) => quotes?.[name] ?? [])) } : {}),
    ofTicks: {
      seq: all.flatMap(({ ofTicks }) => ofTicks.seq),
      isComplete: all.flatMap(({ ofTicks }) => ofTicks.isComplete),
    },
  };
}

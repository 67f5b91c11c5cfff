import { type DayBoundary, LIMIT_MAX, type Micros, SHORT_NAMES, STORED_LENGTH_US, US_PER_HOUR } from "@fx-ohlc/schemas";
import {
  type BarRead,
  type BarsRead,
  chunksOf,
  keepBetween,
  keepSource,
  type ReadAnswer,
  type ReadPlan,
} from "./bar-read.js";
import { type BarPart, Bars, partOf } from "./bars.js";
import { foldBars, PartHourError } from "./fold.js";
import { History } from "./history.js";
import { Series } from "./series.js";
import {
  type End,
  firstWindowUs,
  GROWTH,
  type Keep,
  keepableAfter,
  keepBehind,
  keepWithin,
  planFirst,
  planLast,
  type SourceBars,
  type SourcePlan,
  sourceBars,
  versionsOf,
  youngMax,
} from "./source-read.js";
import { newestHeld, type View, type Walked, type Wanted, walkFirst, walkLast } from "./walk.js";

/** Stored bars one statement reads at most, some 50 ms, those of the longest page of 5m among them. */
const SOURCES_MAX = (LIMIT_MAX + 2) * 5;
/**
 * Statements one page takes at most, some 2 s. A part-hour zone gets there after 1,300 days; its page ends there, with less than was
 * asked for.
 */
const STATEMENTS_MAX = 40;

/** What chunks hold of the bars themselves, and how what they are made of can be had for the rest. */
interface FoldPlan {
  /** Before the rest when the first bars are wanted, and when the last are. */
  readonly held: readonly BarPart[];
  readonly source: SourcePlan | undefined;
  /** Which folded bars may be kept. */
  readonly keep: Keep;
}

const NOTHING = { parts: [], rows: 0 };
/** No stored bar is shorter than this share of its usual length: days when the clocks change, by two hours at most. */
const SHORTEST = 0.9;

/** Reads bars that are folded from stored ones: from chunks of the same, and for the rest from the stored bars. */
export class FoldedRead implements BarRead {
  readonly #end: End;
  readonly #stored: DayBoundary;
  #wanted: Wanted;
  #windowUs: Micros | undefined;
  #isSparse = false;
  #plan: FoldPlan | undefined;
  /** What earlier statements have given of a page that one is not enough for. */
  #done: readonly BarPart[] = [];
  #statements = 0;
  /** So much has come since the end of what chunks hold that it is read from its end. */
  #isHeldTooOld = false;

  /**
   * @param wanted whole buckets
   * @param stored the boundary of the stored day bars
   */
  constructor(wanted: Wanted, end: End, stored: DayBoundary) {
    this.#end = end;
    this.#stored = stored;
    this.#wanted = withWholeHours(wanted, end);
  }

  plan(view: View): ReadPlan {
    const plan = this.#end === "first" ? this.#planFirst(view) : this.#planLast(view);
    this.#plan = plan;
    const { held, source, keep } = plan;
    const chunks = [...chunksOf({ parts: held }), ...chunksOf(source ?? NOTHING)];
    const spans = [...chunks.flatMap(({ facts }) => facts.spans), ...versionsOf(this.#wanted.series, keep)];
    if (source !== undefined) spans.push(...versionsOf(source.wanted.series, source.keep));
    return { chunks, spans, piece: source?.piece, isOfMany: source !== undefined && this.#isOfMany(source) };
  }

  /** Whether the bars may be more than one statement reads. */
  #isOfMany({ end, wanted }: SourcePlan): boolean {
    const lengthUs = SHORTEST * STORED_LENGTH_US[wanted.series.source];
    return end === this.#end && wanted.rowsMax >= SOURCES_MAX && wanted.toUs - wanted.fromUs >= SOURCES_MAX * lengthUs;
  }

  take(view: View, answer: ReadAnswer): BarsRead | undefined {
    this.#statements += 1;
    if (this.#plan === undefined) return undefined;
    const { held, source, keep } = this.#plan;
    if (source === undefined) return this.#finished([...held]);
    const found = sourceBars(source, answer.read);
    keepSource(view, source, found, answer);
    if (this.#end === "last" && source.end === "first" && found.isFull) {
      this.#isHeldTooOld = true;
      return undefined;
    }
    try {
      const folded = this.#fold(found, source);
      const bars = this.#keep(view, folded, keep, answer);
      return this.#goOn(held, { ...folded, bars }, source);
    } catch (error) {
      if (!(error instanceof PartHourError)) throw error;
      this.#wanted = { ...this.#wanted, series: ofMinutes(this.#wanted.series) };
      return undefined;
    }
  }

  #planFirst(view: View): FoldPlan {
    const wanted = this.#wanted;
    const { parts, rows, atUs } = walkFirst(view, wanted);
    const rest = { ...wanted, fromUs: atUs, rowsMax: wanted.rowsMax - rows };
    const isHeld = rest.rowsMax <= 0 || atUs >= wanted.toUs;
    return {
      held: parts,
      source: isHeld ? undefined : planFirst(view, this.#sourcesOf(wholeBuckets(rest))),
      keep: keepBehind(view, isHeld ? { ...rest, toUs: atUs } : rest, parts),
    };
  }

  #planLast(view: View): FoldPlan {
    const wanted = this.#wanted;
    const { parts, atUs } = this.#heldLast(view);
    if (atUs !== undefined) {
      const rest = { ...wanted, fromUs: atUs };
      const sources = { ...this.#sourcesOf(wholeBuckets(rest)), rowsMax: SOURCES_MAX };
      return {
        held: parts,
        source: atUs < wanted.toUs ? planFirst(view, sources) : undefined,
        keep: keepableAfter(view, rest, "last"),
      };
    }
    const sources = this.#sourcesOf({ ...wanted, rowsMax: wanted.rowsMax + youngMax(view, wanted) });
    this.#windowUs ??= firstWindowUs(sources);
    const startUs = wanted.series.startOf(Math.max(wanted.fromUs, wanted.toUs - this.#windowUs));
    return {
      held: [],
      source: planLast(view, { ...sources, fromUs: startUs }, Number.POSITIVE_INFINITY, this.#isSparse),
      keep: keepWithin(view, { ...wanted, fromUs: startUs }, this.#isSparse),
    };
  }

  /** The last bars as far as chunks hold them, and where they end; undefined when they hold too few. */
  #heldLast(view: View): { parts: readonly BarPart[]; atUs: Micros | undefined } {
    const { series, fromUs, toUs, rowsMax } = this.#wanted;
    const heldTo = newestHeld(view, series, toUs);
    const walked: Walked | undefined =
      heldTo === undefined || heldTo <= fromUs || this.#isHeldTooOld
        ? undefined
        : walkLast(view, { ...this.#wanted, toUs: heldTo });
    const isEnough = walked !== undefined && (walked.rows >= rowsMax || walked.atUs <= fromUs);
    return isEnough ? { parts: walked.parts, atUs: heldTo } : { parts: [], atUs: undefined };
  }

  /** The stored bars that some bars are made of, and those of one bucket more: the one where they end is left out. */
  #sourcesOf({ series, fromUs, toUs, rowsMax }: Wanted): Wanted {
    const { symbol, source, sourcesMax, withQuotes } = series;
    const stored = new Series(symbol, SHORT_NAMES[source], this.#stored, source, true, withQuotes);
    return { series: stored, fromUs, toUs, rowsMax: Math.min(SOURCES_MAX, (rowsMax + 1) * sourcesMax) };
  }

  /** The bars that are whole, and the range that they are all of. */
  #fold({ bars, isFull, fromUs, toUs }: SourceBars, { end }: SourcePlan): SourceBars {
    const { series } = this.#wanted;
    const folded = new Bars([partOf(foldBars(bars, series))]);
    if (!isFull) return { bars: folded, isFull, fromUs, toUs };
    const { count } = folded;
    if (end === "first") return { bars: folded.first(count - 1), isFull, fromUs, toUs: series.startOf(toUs - 1) };
    return { bars: folded.last(count - 1), isFull, fromUs: series.endOf(fromUs), toUs };
  }

  #keep({ history }: View, folded: SourceBars, keep: Keep, { versions, keepUnder }: ReadAnswer): Bars {
    if (keep.touch !== undefined) history.touch(keep.touch);
    if (keepUnder === undefined) return folded.bars;
    const { series } = this.#wanted;
    const fromUs = Math.max(keep.fromUs, folded.fromUs);
    const toUs = Math.min(keep.toUs, folded.toUs, History.closedTo(series, keepUnder));
    return keepBetween(history, { series, fromUs, toUs, bars: folded.bars, isUncut: keep.isUncut }, versions);
  }

  /** With all that was wanted it is done; else it goes on behind, or before, what there is, or in a longer window. */
  #goOn(held: readonly BarPart[], folded: SourceBars, source: SourcePlan): BarsRead | undefined {
    const parts = [...held, ...folded.bars.parts];
    const { fromUs, rowsMax } = this.#wanted;
    const count = new Bars(parts).count;
    if (count >= rowsMax) return this.#finished(parts);
    if (!folded.isFull) {
      if (this.#end === "first" || source.end === "first" || folded.fromUs <= fromUs) return this.#finished(parts);
      this.#windowUs = (this.#windowUs ?? 0) * GROWTH;
      this.#isSparse = true;
      return undefined;
    }
    const moreUs = this.#end === "first" ? folded.toUs : folded.fromUs;
    if (this.#statements >= STATEMENTS_MAX) return this.#finished(parts, moreUs);
    this.#done = this.#end === "first" ? [...this.#done, ...parts] : [...parts, ...this.#done];
    this.#wanted = { ...this.#wanted, ...this.#rest(moreUs), rowsMax: rowsMax - count };
    return undefined;
  }

  #rest(moreUs: Micros): Partial<Wanted> {
    return this.#end === "first" ? { fromUs: moreUs } : { toUs: moreUs };
  }

  #finished(parts: readonly BarPart[], moreUs?: Micros): BarsRead {
    const all = this.#end === "first" ? [...this.#done, ...parts] : [...parts, ...this.#done];
    return { bars: new Bars(all), moreUs };
  }
}

/** The part of a range from its first whole bucket on; what chunks hold may end within one that they hold. */
function wholeBuckets(wanted: Wanted): Wanted {
  return { ...wanted, fromUs: wanted.series.atOrAfter(wanted.fromUs) };
}

function ofMinutes({ symbol, interval, boundary, withQuotes }: Series): Series {
  return new Series(symbol, interval, boundary, "minute", false, withQuotes);
}

/** Of minutes where buckets begin within an hour; what changes on the way shows when they are folded. */
function withWholeHours(wanted: Wanted, end: End): Wanted {
  const { series } = wanted;
  const us = end === "first" ? wanted.fromUs : wanted.toUs - 1;
  const isWhole =
    series.source !== "hour" || (series.startOf(us) % US_PER_HOUR === 0 && series.endOf(us) % US_PER_HOUR === 0);
  return isWhole ? wanted : { ...wanted, series: ofMinutes(series) };
}

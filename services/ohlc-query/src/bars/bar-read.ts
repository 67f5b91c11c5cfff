import type { Micros } from "@fx-ohlc/schemas";
import type { BarArrays } from "./bar-columns.js";
import type { Piece } from "./bar-statement.js";
import { Bars } from "./bars.js";
import type { Chunk } from "./chunk.js";
import { type Coverage, History, type Versions } from "./history.js";
import type { Mark } from "./marks.js";
import {
  type End,
  firstWindowUs,
  GROWTH,
  planFirst,
  planLast,
  type SourceBars,
  type SourcePlan,
  sourceBars,
  versionsOf,
} from "./source-read.js";
import type { VersionedSpan } from "./span.js";
import type { View, Wanted } from "./walk.js";

/** What one statement has to answer so that a read can go on. */
export interface ReadPlan {
  /** Used if their versions are what they were. */
  readonly chunks: readonly Chunk[];
  /** Whose versions are asked for: those of the chunks, and those of bars that may be kept. */
  readonly spans: readonly VersionedSpan[];
  readonly piece: Piece | undefined;
  /** Whether more statements may be needed, each of which gives a part of the answer: then all have to be of one snapshot. */
  readonly isOfMany?: boolean;
}

/** What a statement has answered. The chunks of its plan are as they were. */
export interface ReadAnswer {
  readonly read: BarArrays | undefined;
  readonly versions: Versions;
  /** Under which bars may be kept; undefined: they may not. */
  readonly keepUnder: Mark | undefined;
}

/** Bars that were wanted, and where a page goes on that had to end before there were as many. */
export interface BarsRead {
  readonly bars: Bars;
  readonly moreUs: Micros | undefined;
}

/** A read of bars: it is planned, a statement answers, and either it is done or planned again. */
export interface BarRead {
  plan(view: View): ReadPlan;
  /** @returns undefined when another statement is needed */
  take(view: View, answer: ReadAnswer): BarsRead | undefined;
}

/** The chunks of some parts, each once. */
export function chunksOf(...plans: readonly Pick<SourcePlan, "parts">[]): Chunk[] {
  const chunks = plans.flatMap(({ parts }) => parts.map(({ chunk }) => chunk));
  return chunks.filter((chunk) => chunk !== undefined);
}

/**
 * Keeps what a statement has read of stored bars.
 *
 * @returns the bars, where they are kept now
 */
export function keepSource(
  { history }: View,
  plan: SourcePlan,
  { bars, ...held }: SourceBars,
  { versions, keepUnder }: ReadAnswer,
): Bars {
  const { wanted, piece, keep } = plan;
  if (keep.touch !== undefined) history.touch(keep.touch);
  if (piece === undefined || keepUnder === undefined) return bars;
  const { series } = wanted;
  const fromUs = Math.max(keep.fromUs, held.fromUs);
  const toUs = Math.min(keep.toUs, held.toUs, History.closedTo(series, keepUnder));
  return keepBetween(history, { series, fromUs, toUs, bars, isUncut: keep.isUncut }, versions);
}

/** Keeps the bars that start within [fromUs, toUs), and leaves the others where they are. */
export function keepBetween(history: History, coverage: Coverage, versions: Versions): Bars {
  const { fromUs, toUs, bars } = coverage;
  if (fromUs >= toUs) return bars;
  const before = bars.between(Number.NEGATIVE_INFINITY, fromUs).parts;
  const after = bars.between(toUs, Number.POSITIVE_INFINITY).parts;
  return new Bars([...before, ...history.keep(coverage, versions), ...after]);
}

/** Reads stored bars as they are. */
export class StoredRead implements BarRead {
  readonly #wanted: Wanted;
  readonly #end: End;
  #windowUs: Micros;
  #isSparse = false;
  #plan: SourcePlan | undefined;

  constructor(wanted: Wanted, end: End) {
    this.#wanted = wanted;
    this.#end = end;
    this.#windowUs = firstWindowUs(wanted);
  }

  plan(view: View): ReadPlan {
    const wanted = this.#wanted;
    const plan =
      this.#end === "first" ? planFirst(view, wanted) : planLast(view, wanted, this.#windowUs, this.#isSparse);
    this.#plan = plan;
    const chunks = chunksOf(plan);
    const spans = [...chunks.flatMap(({ facts }) => facts.spans), ...versionsOf(wanted.series, plan.keep)];
    return { chunks, spans, piece: plan.piece };
  }

  take(view: View, answer: ReadAnswer): BarsRead | undefined {
    if (this.#plan === undefined) return undefined;
    const found = sourceBars(this.#plan, answer.read);
    const bars = keepSource(view, this.#plan, found, answer);
    const { fromUs, rowsMax } = this.#wanted;
    if (found.bars.count >= rowsMax || found.fromUs <= fromUs) return { bars, moreUs: undefined };
    this.#windowUs *= GROWTH;
    this.#isSparse = true;
    return undefined;
  }
}

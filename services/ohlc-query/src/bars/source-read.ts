import { type Micros, US_PER_DAY } from "@fx-ohlc/schemas";
import type { BarArrays } from "./bar-columns.js";
import type { Piece } from "./bar-statement.js";
import { type BarPart, Bars, partOf } from "./bars.js";
import { History } from "./history.js";
import type { Series } from "./series.js";
import { type Span, type VersionedSpan, versionedWhole } from "./span.js";
import { CHUNKS_MAX, newestHeld, type View, type Wanted, walkFirst, walkLast } from "./walk.js";

/** Which end of a range its bars are taken from. */
export type End = "first" | "last";

/** Of a symbol that trades, the last bars lie within twice their time and a long weekend. */
const WEEKEND_US = 4 * US_PER_DAY;
/** Seven days for five of bars, and some more. */
const WEEKENDS = 1.5;
/** So many bars more than are wanted are read at most, so that what is kept of them is enough without those that are too young. */
const YOUNG_MAX = 100;
/** Beside the reading of more bars than this, to ask for versions and to keep them costs little. */
const SHORT_MAX = 500;

/** What may be kept of the bars that a read finds: those that start within. */
export interface Keep extends Span {
  /** Whether as one chunk, in however many spans they are. */
  readonly isUncut: boolean;
  /** Nothing is kept yet: this is the first short read lately that begins where it does. It is told by this when there is another. */
  readonly touch?: string;
}

/** How stored bars that are wanted can be had: what chunks hold of them, and the rest. */
export interface SourcePlan {
  readonly wanted: Wanted;
  readonly end: End;
  readonly parts: readonly BarPart[];
  /** Undefined when chunks hold all. It follows the parts. */
  readonly piece: Piece | undefined;
  /** Where the bars begin, unless there are more than wanted. */
  readonly fromUs: Micros;
  /** What of the piece may be kept. */
  readonly keep: Keep;
}

/** Stored bars, and the range that they are all of. */
export interface SourceBars extends Span {
  readonly bars: Bars;
  /** Whether there are as many as were wanted at most. */
  readonly isFull: boolean;
}

/** Each window in which the last bars of a sparse symbol are looked for is so much longer than the one before. */
export const GROWTH = 8;

/** The first window in which the last bars of a range are looked for. */
export function firstWindowUs({ series, rowsMax }: Wanted): Micros {
  return 2 * rowsMax * series.lengthUs + WEEKEND_US;
}

/** Chunks that so many bars of a symbol that trades are in, at most. */
function chunksFor({ series, rowsMax }: Wanted): number {
  const { fromUs, toUs } = series.spanAt(0);
  return Math.min(CHUNKS_MAX, Math.ceil((WEEKENDS * rowsMax * series.lengthUs) / (toUs - fromUs)) + 1);
}

/** The closed part of a range. */
function closedPart({ mark }: View, { series, fromUs, toUs }: Wanted): Span {
  return { fromUs, toUs: Math.max(fromUs, Math.min(toUs, History.closedTo(series, mark))) };
}

/** What of a range may be kept: closed bars in so many chunks at most, from one end on. */
function keepCut({ history }: View, { series, ...wanted }: Wanted, { fromUs, toUs }: Span, end: End): Keep {
  const chunks = history.isOn && fromUs < toUs ? chunksFor({ series, ...wanted }) : 0;
  let atUs = end === "first" ? fromUs : toUs;
  for (let i = 0; i < chunks && fromUs <= atUs && atUs <= toUs; i += 1) {
    atUs = end === "first" ? series.spanAt(atUs).toUs : series.spanAt(atUs - 1).fromUs;
  }
  const kept = end === "first" ? { fromUs, toUs: Math.min(atUs, toUs) } : { fromUs: Math.max(atUs, fromUs), toUs };
  return { ...kept, isUncut: false };
}

/**
 * What of a range of which nothing is held may be kept. A short read is told at its first time: asked once, it costs what it costs
 * without a memory.
 */
function keepable(view: View, wanted: Wanted, end: End): Keep {
  const { history } = view;
  const { series } = wanted;
  const closed = closedPart(view, wanted);
  const keep = keepCut(view, wanted, closed, end);
  if (wanted.rowsMax > SHORT_MAX || keep.fromUs >= keep.toUs) return keep;
  const touch = `${series.key} ${end} ${series.spanAt(end === "first" ? closed.fromUs : closed.toUs - 1).fromUs}`;
  return history.isTouched(touch) ? keep : { ...keep, toUs: keep.fromUs, touch };
}

/** What may be kept of the bars that follow those that are held. */
export function keepableAfter(view: View, rest: Wanted, end: End): Keep {
  const { history } = view;
  const closed = closedPart(view, rest);
  const isUncut = history.uncutOf(rest.series)?.facts.toUs === rest.fromUs;
  return isUncut ? { ...closed, isUncut } : keepCut(view, rest, closed, end);
}

/** What the versions of bars that may be kept are asked for by. */
export function versionsOf(series: Series, { fromUs, toUs, isUncut }: Keep): VersionedSpan[] {
  const spans: VersionedSpan[] = [];
  if (fromUs >= toUs) return spans;
  if (isUncut) return [versionedWhole(series.symbol)];
  for (let span = series.spanAt(fromUs); span.fromUs < toUs; span = series.spanAt(span.toUs)) {
    spans.push(...series.versionsOf(span));
  }
  return spans;
}

function pieceOf({ series, fromUs, toUs, rowsMax }: Wanted, order: Piece["order"]): Piece {
  const { source, symbol, withQuotes } = series;
  return { interval: source, symbol, withQuotes, fromUs, toUs, rowsMax, order };
}

/** What of the rest of the first bars may be kept. */
export function keepBehind(view: View, rest: Wanted, held: readonly BarPart[]): Keep {
  return held.length > 0 ? keepableAfter(view, rest, "first") : keepable(view, rest, "first");
}

/** The first bars: what chunks hold from the start on, and a read from there. */
export function planFirst(view: View, wanted: Wanted): SourcePlan {
  const { parts, rows, atUs } = walkFirst(view, wanted);
  const rest = { ...wanted, fromUs: atUs, rowsMax: wanted.rowsMax - rows };
  const isHeld = rest.rowsMax <= 0 || atUs >= wanted.toUs;
  return {
    ...{ wanted, end: "first", parts, fromUs: wanted.fromUs },
    piece: isHeld ? undefined : pieceOf(rest, "asc"),
    keep: keepBehind(view, isHeld ? { ...rest, toUs: atUs } : rest, parts),
  };
}

/** What of a window may be kept: of a sparse symbol all of it. */
export function keepWithin(view: View, window: Wanted, isSparse: boolean): Keep {
  const isUncut = isSparse && view.history.isOn;
  return isUncut ? { ...closedPart(view, window), isUncut } : keepable(view, window, "last");
}

/**
 * The last bars: those that follow what chunks hold, when they hold enough; else all of them, within a window.
 *
 * @param isSparse whether a shorter window held too few
 */
export function planLast(view: View, wanted: Wanted, windowUs: Micros, isSparse: boolean): SourcePlan {
  return heldLast(view, wanted) ?? windowLast(view, wanted, windowUs, isSparse);
}

/** So many of the last bars may be too young to be kept. */
export function youngMax({ mark }: View, { series, toUs }: Wanted): number {
  const youngUs = toUs - History.closedTo(series, mark);
  return Number.isFinite(youngUs) ? Math.min(YOUNG_MAX, Math.max(0, Math.ceil(youngUs / series.lengthUs) + 1)) : 0;
}

function heldLast(view: View, wanted: Wanted): SourcePlan | undefined {
  const heldTo = newestHeld(view, wanted.series, wanted.toUs);
  if (heldTo === undefined || heldTo <= wanted.fromUs) return undefined;
  const { parts, rows, atUs } = walkLast(view, { ...wanted, toUs: heldTo });
  if (rows < wanted.rowsMax && atUs > wanted.fromUs) return undefined;
  const rest = { ...wanted, fromUs: heldTo };
  return {
    ...{ wanted, end: "last", parts, fromUs: atUs },
    piece: heldTo < wanted.toUs ? pieceOf(rest, "desc") : undefined,
    keep: keepableAfter(view, rest, "last"),
  };
}

function windowLast(view: View, wanted: Wanted, windowUs: Micros, isSparse: boolean): SourcePlan {
  const fromUs = Math.max(wanted.fromUs, wanted.toUs - windowUs);
  const window = { ...wanted, fromUs, rowsMax: wanted.rowsMax + youngMax(view, wanted) };
  return {
    ...{ wanted, end: "last", parts: [], fromUs },
    piece: pieceOf(window, "desc"),
    keep: keepWithin(view, window, isSparse),
  };
}

/** The bars of a plan whose piece has been read. */
export function sourceBars({ wanted, end, parts, fromUs, piece }: SourcePlan, read: BarArrays | undefined): SourceBars {
  const { toUs } = wanted;
  const rowsMax = Math.max(wanted.rowsMax, piece?.rowsMax ?? 0);
  const all = new Bars(read === undefined ? parts : [...parts, partOf(read)]);
  const isFull = all.count >= rowsMax;
  if (end === "first")
    return { bars: all, isFull, fromUs, toUs: isFull ? (all.bucketAt(all.count - 1) ?? 0) + 1 : toUs };
  const bars = all.last(rowsMax);
  return { bars, isFull, fromUs: isFull ? (bars.bucketAt(0) ?? 0) : fromUs, toUs };
}

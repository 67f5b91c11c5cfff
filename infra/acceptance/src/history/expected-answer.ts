import type { BarState, StateBar } from "./bar-state.js";
import { type Bucket, type Buckets, bucketsOf } from "./buckets.js";
import type { Moment } from "./journal.js";
import type { Question } from "./question.js";
import { cellsBeside, closeOf, mergeQuotes, pricesOf } from "./quote-cells.js";

/** A bar as an answer has it: prices are null where nothing was to fill it with. */
export interface Row {
  readonly symbol: string;
  readonly startMs: number;
  readonly prices: readonly (number | null)[];
  /** What was asked for beside them. */
  readonly beside: Readonly<Record<string, number | null>>;
  readonly ticks: number;
  readonly complete: boolean;
  readonly date: string | undefined;
}

/** Rows, and where the `Link` leads: the start of the bucket that the next or the previous page is bounded by. */
export interface ExpectedAnswer {
  readonly rows: readonly Row[];
  readonly linkMs: number | undefined;
}

/** A bar with the bucket it is of. */
interface Folded {
  readonly bucket: Bucket;
  readonly bar: StateBar;
}

function merge([start, open, high, low, , ticks, quotes]: StateBar, next: StateBar): StateBar {
  const prices = [open, Math.max(high, next[2]), Math.min(low, next[3]), next[4]] as const;
  return [start, ...prices, ticks + next[5], mergeQuotes(quotes, next[6])];
}

/** The bars of every bucket that starts within [fromMs, toMs), of the stored bars of one symbol. */
function fold(state: BarState, buckets: Buckets, fromMs: number, toMs: number): Folded[] {
  const folded = new Map<number, Folded>();
  for (const bar of state.bars(buckets.madeOf)) {
    const bucket = buckets.around(bar[0]);
    if (bucket.start < fromMs || bucket.start >= toMs) continue;
    const known = folded.get(bucket.start);
    folded.set(bucket.start, { bucket, bar: known === undefined ? bar : merge(known.bar, bar) });
  }
  return [...folded.values()];
}

/** What a row is written with besides its bar. */
interface Writing {
  readonly question: Question;
  readonly symbol: string;
  readonly buckets: Buckets;
  readonly nowMs: number;
}

function isComplete(start: number, { buckets, nowMs }: Writing): boolean {
  return start < buckets.around(nowMs).start;
}

function rowOf({ bucket, bar }: Folded, writing: Writing): Row {
  const { start: startMs, date } = bucket;
  const { symbol, question } = writing;
  const shown = { prices: pricesOf(bar, question), beside: cellsBeside(bar[6], question), ticks: bar[5] };
  return { symbol, startMs, ...shown, complete: isComplete(startMs, writing), date };
}

function emptyRow({ start: startMs, date }: Bucket, price: number | null, writing: Writing): Row {
  const { symbol, question } = writing;
  const shown = { prices: [price, price, price, price], beside: cellsBeside(null, question), ticks: 0 };
  return { symbol, startMs, ...shown, complete: isComplete(startMs, writing), date };
}

/** The first or the last of some rows, and what the page beyond begins or ends with. */
function page(rows: readonly Row[], { take, rowsMax }: Question): ExpectedAnswer {
  if (rows.length <= rowsMax) return { rows, linkMs: undefined };
  if (take === "first") return { rows: rows.slice(0, rowsMax), linkMs: rows[rowsMax]?.startMs };
  const last = rows.slice(-rowsMax);
  return { rows: last, linkMs: last[0]?.startMs };
}

/** The buckets of a page that is filled. */
function filledBuckets(question: Question, buckets: Buckets, toMs: number): Bucket[] {
  const { fromMs, take, rowsMax } = question;
  const page: Bucket[] = [];
  if (take === "first") {
    for (let at = buckets.atOrAfter(fromMs); at.start < toMs && page.length < rowsMax; at = buckets.after(at))
      page.push(at);
    return page;
  }
  for (let at = buckets.around(toMs - 1); at.start >= fromMs && page.length < rowsMax; at = buckets.before(at))
    page.push(at);
  return page.reverse();
}

/** The last close before an instant: of the last minute, or of the last that has quotes. */
function closeBefore(state: BarState, ms: number, question: Question): number | null {
  const last = state.bars("minute").findLast((bar) => bar[0] < ms && closeOf(bar, question) !== null);
  return last === undefined ? null : closeOf(last, question);
}

/** @param before the state that the close before the page is of */
function filledRows(question: Question, state: BarState, before: BarState, writing: Writing, toMs: number): Row[] {
  const { buckets } = writing;
  const page = filledBuckets(question, buckets, Math.min(toMs, writing.nowMs + 1));
  const [first] = page;
  if (first === undefined) return [];
  const bars = new Map(fold(state, buckets, first.start, toMs).map((folded) => [folded.bucket.start, folded]));
  let price = question.fill === "previous" ? closeBefore(before, first.start, question) : null;
  return page.map((bucket) => {
    const folded = bars.get(bucket.start);
    if (folded === undefined) return emptyRow(bucket, price, writing);
    if (question.fill === "previous") price = closeOf(folded.bar, question) ?? price;
    return rowOf(folded, writing);
  });
}

function latestRows(question: Question, moment: Moment, buckets: Buckets, nowMs: number): Row[] {
  return question.symbols.flatMap((symbol) => {
    const newest = fold(moment.state(symbol), buckets, 0, nowMs + 1).at(-1);
    return newest === undefined ? [] : [rowOf(newest, { question, symbol, buckets, nowMs })];
  });
}

/**
 * What a question is to be answered with at a moment, by a clock.
 *
 * @param before the moment that the close before a filled page is of, where it is another
 */
export function expectedAnswer(question: Question, moment: Moment, nowMs: number, before = moment): ExpectedAnswer {
  const { symbols, interval, boundary, fromMs, toMs = nowMs, fill } = question;
  const buckets = bucketsOf(interval, boundary);
  if (question.isLatest) return { rows: latestRows(question, moment, buckets, nowMs), linkMs: undefined };
  const [symbol = ""] = symbols;
  const writing = { question, symbol, buckets, nowMs };
  const state = moment.state(symbol);
  if (fill !== "none")
    return { rows: filledRows(question, state, before.state(symbol), writing, toMs), linkMs: undefined };
  return page(
    fold(state, buckets, fromMs, toMs).map((folded) => rowOf(folded, writing)),
    question,
  );
}

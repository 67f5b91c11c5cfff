import { FIRST_BUCKET_US, LIMIT_MAX, type Micros } from "@fx-ohlc/schemas";
import { placeOf } from "./bar-columns.js";
import type { BarPart, Bars } from "./bars.js";
import { Chunk, type ChunkFacts } from "./chunk.js";
import type { ChunkCache } from "./chunk-cache.js";
import { type Mark, Marks } from "./marks.js";
import type { Series } from "./series.js";
import { type Span, versionedWhole } from "./span.js";
import { Touches } from "./touches.js";

/** The version of each span that a statement has read; undefined of one that must not be kept. */
export type Versions = ReadonlyMap<string, string | undefined>;

/** The bars of a series that start within [fromUs, toUs): all of them. */
export interface Coverage extends Span {
  readonly series: Series;
  readonly bars: Bars;
  /** Whether they are kept as one chunk, in however many spans they are. */
  readonly isUncut: boolean;
}

let histories = 0;
/** So many reads in a row may go without asking for marks because they are of bars too young to be kept. */
const UNASKED_MAX = 20;
/** So many are remembered, some 1 MB: a page of charts asks for hundreds, a scan for every one there is. */
const TOUCHES_MAX = 10_000;
/** An uncut chunk with more bars than two of the longest answers is of a symbol that has enough of them in each span by now. */
const UNCUT_MAX = 2 * LIMIT_MAX;
const EVER: Span = { fromUs: FIRST_BUCKET_US, toUs: Number.POSITIVE_INFINITY };

/** What of one database's closed bars is kept in memory. */
export class History {
  readonly marks = new Marks(() => this.#forget());
  readonly #cache: ChunkCache;
  /** Where short reads began. */
  readonly #touches = new Touches();
  #prefix = "";
  #unasked = 0;

  constructor(cache: ChunkCache) {
    this.#cache = cache;
    this.#forget();
  }

  get isOn(): boolean {
    return this.#cache.isOn;
  }

  /** Tells it from those of other databases, and from what it was before it forgot everything. */
  get id(): string {
    return this.#prefix;
  }

  /** Whether it is time to ask for marks, of a read that needs none: else nobody might learn that more is closed. */
  isDue(): boolean {
    const { planned } = this.marks.asked;
    this.#unasked = planned === undefined || planned.closedTo.minute < 0 ? UNASKED_MAX : this.#unasked + 1;
    if (this.#unasked < UNASKED_MAX) return false;
    this.#unasked = 0;
    return true;
  }

  /** The chunk that holds the bar that starts at an instant, if there is one: an uncut one, or that of its span. */
  chunkAt(series: Series, bucketUs: Micros): Chunk | undefined {
    const uncut = this.uncutOf(series);
    if (uncut !== undefined && uncut.facts.fromUs <= bucketUs && bucketUs < uncut.facts.toUs) return uncut;
    return this.#cache.get(this.#key(series, series.spanAt(bucketUs)));
  }

  /** The chunk of a series that is not cut at spans: where there are few bars in many of them. */
  uncutOf(series: Series): Chunk | undefined {
    return this.#cache.get(this.#key(series, EVER));
  }

  /** Whether a short read has begun lately where another one does. */
  isTouched(touch: string): boolean {
    return this.#touches.has(touch);
  }

  touch(touch: string): void {
    this.#touches.add(touch, TOUCHES_MAX);
  }

  /** What was kept is not so any more. */
  drop({ facts }: Chunk): void {
    this.#cache.delete(this.#key(facts.series, facts.span));
  }

  /** Counts the chunks that an answer was made of. */
  countHits(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) this.#cache.use(this.#key(chunk.facts.series, chunk.facts.span), chunk);
  }

  /**
   * Keeps closed bars, chunk by chunk: those of spans whose versions are known.
   *
   * @returns the bars, where they are kept now
   */
  keep(coverage: Coverage, versions: Versions): readonly BarPart[] {
    const { series, toUs } = coverage;
    if (coverage.isUncut) return this.#keepUncut(coverage, versions);
    const parts: BarPart[] = [];
    for (let span = series.spanAt(coverage.fromUs); span.fromUs < toUs; span = series.spanAt(span.toUs)) {
      const spans = series.versionsOf(span);
      const known = spans.map(({ key }) => versions.get(key));
      const facts = {
        ...{ series, span, spans, versions: known.join(" ") },
        ...{ fromUs: startWithin(span, coverage), toUs: Math.min(span.toUs, toUs) },
      };
      const chunk = known.includes(undefined) ? undefined : this.#joined(facts, coverage.bars);
      if (chunk === undefined) parts.push(...coverage.bars.between(facts.fromUs, facts.toUs).parts);
      else parts.push(chunk.part(placeOf(chunk.bars, coverage.fromUs), placeOf(chunk.bars, toUs)));
    }
    return parts;
  }

  #keepUncut({ series, fromUs, toUs, bars }: Coverage, versions: Versions): readonly BarPart[] {
    const spans = [versionedWhole(series.symbol)];
    const [known] = spans.map(({ key }) => versions.get(key));
    if (known === undefined) return bars.between(fromUs, toUs).parts;
    const chunk = this.#joined({ series, span: EVER, spans, versions: known, fromUs, toUs }, bars);
    if (chunk === undefined) return bars.between(fromUs, toUs).parts;
    if (chunk.count > UNCUT_MAX) this.drop(chunk);
    return [chunk.part(placeOf(chunk.bars, fromUs), placeOf(chunk.bars, toUs))];
  }

  /** The chunk that holds some bars now; undefined when one with more of them, none beside these, stays in its place. */
  #joined(facts: ChunkFacts, bars: Bars): Chunk | undefined {
    const key = this.#key(facts.series, facts.span);
    const before = this.#cache.get(key);
    if (before !== undefined && isLongerApart(before.facts, facts)) return undefined;
    const chunk = joined(before, facts, bars);
    if (chunk === before) return chunk;
    if (before === undefined || chunk.facts.fromUs !== before.facts.fromUs) this.#cache.countMiss();
    this.#cache.set(key, chunk);
    return chunk;
  }

  /** Of the mark that bars were read under, before which of them all are closed. */
  static closedTo(series: Series, mark: Mark | undefined): Micros {
    const us = mark?.closedTo[series.source] ?? Number.NEGATIVE_INFINITY;
    return series.isStored || !Number.isFinite(us) ? us : series.startOf(us);
  }

  #key(series: Series, span: Span): string {
    return `${this.#prefix} ${series.key} ${span === EVER ? "ever" : span.fromUs}`;
  }

  #forget(): void {
    if (this.#prefix !== "") this.#cache.deleteAll(`${this.#prefix} `);
    histories += 1;
    this.#touches.clear();
    this.#prefix = String(histories);
  }
}

/** Where a coverage begins within a span: with it, when no bucket starts between the two. */
function startWithin({ fromUs }: Span, coverage: Coverage): Micros {
  if (coverage.fromUs <= fromUs) return fromUs;
  return coverage.series.atOrAfter(fromUs) >= coverage.fromUs ? fromUs : coverage.fromUs;
}

/** Whether nothing joins bars that are held and good yet to those that were read now, which are of a shorter time. */
function isLongerApart(held: ChunkFacts, read: ChunkFacts): boolean {
  const isApart = read.fromUs > held.toUs || read.toUs < held.fromUs;
  return isApart && held.versions === read.versions && held.toUs - held.fromUs > read.toUs - read.fromUs;
}

/** The chunk that holds what is known and what was read now: the known one when nothing new was. */
function joined(known: Chunk | undefined, read: ChunkFacts, bars: Bars): Chunk {
  const { fromUs, toUs } = read;
  const between = (from: Micros, to: Micros) => bars.between(from, to).parts;
  const old = known?.facts;
  const isNeighbour = old !== undefined && old.versions === read.versions && fromUs <= old.toUs && toUs >= old.fromUs;
  if (known === undefined || !isNeighbour) return Chunk.of(read, between(fromUs, toUs));
  if (fromUs < old.fromUs) {
    const later = toUs > old.toUs ? between(old.toUs, toUs) : [];
    const parts = [...between(fromUs, old.fromUs), known.part(0, known.count), ...later];
    return Chunk.of({ ...read, toUs: Math.max(toUs, old.toUs) }, parts);
  }
  return toUs > old.toUs ? known.extended(between(old.toUs, toUs), toUs) : known;
}

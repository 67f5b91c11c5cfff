import type { Micros } from "@fx-ohlc/schemas";
import { placeOf } from "./bar-columns.js";
import type { BarPart, Bars } from "./bars.js";
import { Chunk, type ChunkFacts } from "./chunk.js";
import type { ChunkCache } from "./chunk-cache.js";
import { type Mark, Marks } from "./marks.js";
import type { Series } from "./series.js";
import type { Span } from "./span.js";

/** The version of each span that a statement has read; undefined of one that must not be kept. */
export type Versions = ReadonlyMap<string, string | undefined>;

/** The bars of a series that start within [fromUs, toUs): all of them. */
export interface Coverage {
  readonly series: Series;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly bars: Bars;
}

let histories = 0;
/** So many reads in a row may go without asking for marks because they are of bars too young to be kept. */
const UNASKED_MAX = 20;

/** What of one database's closed bars is kept in memory. */
export class History {
  readonly marks = new Marks(() => this.#forget());
  readonly #cache: ChunkCache;
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

  chunkAt(series: Series, span: Span): Chunk | undefined {
    return this.#cache.get(this.#key(series, span));
  }

  /** What was kept is not so any more. */
  drop({ facts }: Chunk): void {
    this.#cache.delete(this.#key(facts.series, facts.span));
  }

  /** Counts the chunks that an answer was made of. */
  countHits(chunks: number): void {
    this.#cache.count(chunks, 0);
  }

  /**
   * Keeps closed bars, chunk by chunk: those of spans whose versions are known.
   *
   * @returns the bars, where they are kept now
   */
  keep(coverage: Coverage, versions: Versions): readonly BarPart[] {
    const { series, toUs } = coverage;
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

  /** The chunk that holds some bars now. */
  #joined(facts: ChunkFacts, bars: Bars): Chunk {
    const before = this.chunkAt(facts.series, facts.span);
    const chunk = joined(before, facts, bars);
    if (chunk === before) return chunk;
    if (before === undefined || chunk.facts.fromUs !== before.facts.fromUs) this.#cache.count(0, 1);
    this.#cache.set(this.#key(facts.series, facts.span), chunk);
    return chunk;
  }

  /** Of the mark that bars were read under, before which of them all are closed. */
  static closedTo(series: Series, mark: Mark | undefined): Micros {
    const us = mark?.closedTo[series.source] ?? Number.NEGATIVE_INFINITY;
    return series.isStored || !Number.isFinite(us) ? us : series.startOf(us);
  }

  #key(series: Series, span: Span): string {
    return `${this.#prefix} ${series.key} ${span.fromUs}`;
  }

  #forget(): void {
    if (this.#prefix !== "") this.#cache.deleteAll(`${this.#prefix} `);
    histories += 1;
    this.#prefix = String(histories);
  }
}

/** Where a coverage begins within a span: with it, when no bucket starts between the two. */
function startWithin({ fromUs }: Span, coverage: Coverage): Micros {
  if (coverage.fromUs <= fromUs) return fromUs;
  return coverage.series.atOrAfter(fromUs) >= coverage.fromUs ? fromUs : coverage.fromUs;
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

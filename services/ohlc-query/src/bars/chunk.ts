import { isOfDays, type Micros } from "@fx-ohlc/schemas";
import type { BarForm } from "../formats/bar-form.js";
import { type EncodedBars, encodeBars, type RowsContext } from "../formats/bar-rows.js";
import { appendRows, bytesOf, inOwnMemory } from "../formats/encoded-rows.js";
import type { BarPart } from "./bars.js";
import { type Fingerprint, fingerprintOf } from "./fingerprint.js";
import { bytesOfBars, type PackedBars, packBars } from "./packed-bars.js";
import type { Series } from "./series.js";
import type { Span, VersionedSpan } from "./span.js";

/** What a chunk takes besides its bars: the objects, its key and its place in the cache. */
const OVERHEAD_BYTES = 3000;
/** Fingerprints of so many stretches of bars are kept, such as the hours of a day and some more; and as many tags of answers. */
const PRINTS_MAX = 64;
/** What one of them takes. */
const PRINT_BYTES = 250;
/** What an encoded answer takes besides its bytes. */
const BODY_BYTES = 500;
/** As many encoded answers of no more than this. */
const BODY_BYTES_MAX = 8 * 1024;

/** Which closed bars a chunk holds. */
export interface ChunkFacts {
  readonly series: Series;
  readonly span: Span;
  /** It holds all bars that start within [fromUs, toUs), a part of its span or all of it. */
  readonly fromUs: Micros;
  readonly toUs: Micros;
  /** What has to be as it was when they were read. */
  readonly spans: readonly VersionedSpan[];
  /** As they were then. */
  readonly versions: string;
}

/**
 * Memory that is kept as long as some rows are: it counts towards the chunk that has them, which another takes over when the same bars
 * are all there are for longer.
 */
export class KeptWithRows {
  #bytes = 0;
  #grow: (bytes: number) => void = () => undefined;

  get bytes(): number {
    return this.#bytes;
  }

  countTowards(grow: (bytes: number) => void): void {
    this.#grow = grow;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#grow(bytes);
  }
}

/**
 * Closed bars of a series that start within a span, as they were under some versions: packed, and in every form that was asked for
 * once. It never changes; with more bars it is another chunk.
 */
export class Chunk {
  readonly #encoded = new Map<BarForm, EncodedBars>();
  readonly #fingerprints = new Map<string, Fingerprint>();
  readonly #tags = new Map<string, string>();
  /** Of answers that are a stretch of it. */
  readonly encodedBodies = new EncodedStretches((bytes) => this.grow(bytes));
  #bytes: number;
  /** Told of what it takes more. */
  onGrowth: (bytes: number) => void = () => undefined;

  constructor(
    readonly facts: ChunkFacts,
    readonly bars: PackedBars,
    readonly keptWithRows = new KeptWithRows(),
  ) {
    this.#bytes = OVERHEAD_BYTES + bytesOfBars(bars) + keptWithRows.bytes;
    keptWithRows.countTowards((bytes) => this.grow(bytes));
  }

  static of(facts: ChunkFacts, parts: readonly BarPart[]): Chunk {
    return new Chunk(facts, packBars(parts));
  }

  /** All the memory it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.bars.bucketUs.length;
  }

  part(from: number, to: number): BarPart {
    return { chunk: this, columns: this.bars, from, to };
  }

  /** Whether its rows in a form are at hand. */
  isEncodedIn(form: BarForm): boolean {
    return this.#encoded.has(form);
  }

  /** Its rows in a form. */
  rowsIn(form: BarForm): EncodedBars {
    return this.#encoded.get(form) ?? this.#keep(form, this.#encode(form, 0));
  }

  /** That of the bars at the places [from, to). */
  fingerprintOf(from: number, to: number): Fingerprint {
    const key = `${from} ${to}`;
    const known = this.#fingerprints.get(key);
    if (known !== undefined) return known;
    const made = fingerprintOf(this.bars, from, to);
    this.#remember(this.#fingerprints, key, made);
    return made;
  }

  /** The tag of an answer that is a stretch of it alone: known by a key, or made now. */
  tagOf(key: string, make: () => string): string {
    const known = this.#tags.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#remember(this.#tags, key, made);
    return made;
  }

  #remember<T>(prints: Map<string, T>, key: string, made: T): void {
    const [oldest] = prints.keys();
    if (prints.size < PRINTS_MAX) this.grow(PRINT_BYTES);
    else if (oldest !== undefined) prints.delete(oldest);
    prints.set(key, made);
  }

  /** The same with bars that start after its own, up to `toUs`. What is encoded already is not encoded again. */
  extended(later: readonly BarPart[], toUs: Micros): Chunk {
    if (later.length === 0) return this.#upTo(toUs);
    const chunk = Chunk.of({ ...this.facts, toUs }, [this.part(0, this.count), ...later]);
    for (const [form, own] of this.#encoded) {
      const added = chunk.#encode(form, this.count);
      chunk.#keep(
        form,
        own.map((rows, i) => appendRows(rows, added[i] ?? rows)),
      );
    }
    return chunk;
  }

  /** The same bars, known to be all for longer. */
  #upTo(toUs: Micros): Chunk {
    const chunk = new Chunk({ ...this.facts, toUs }, this.bars, this.keptWithRows);
    for (const [form, rows] of this.#encoded) chunk.#keep(form, rows);
    return chunk;
  }

  #encode(form: BarForm, from: number): EncodedBars {
    return encodeBars(this.bars, [from, this.count], form, contextOf(this.facts.series));
  }

  #keep(form: BarForm, rows: EncodedBars): EncodedBars {
    this.#encoded.set(form, rows);
    this.grow(rows.reduce((sum, each) => sum + bytesOf(each), 0));
    return rows;
  }

  /** It takes so much more. */
  grow(bytes: number): void {
    this.#bytes += bytes;
    this.onGrowth(bytes);
  }
}

/** Encoded bodies of answers: some, short ones, those that were asked for first. */
class EncodedStretches {
  readonly #bodies = new Map<string, Buffer>();

  /** @param grow told of what they take */
  constructor(private readonly grow: (bytes: number) => void) {}

  get(key: string): Buffer | undefined {
    return this.#bodies.get(key);
  }

  offer(key: string, body: Buffer): void {
    if (body.length > BODY_BYTES_MAX || this.#bodies.size >= PRINTS_MAX) return;
    this.#bodies.set(key, inOwnMemory(body));
    this.grow(body.length + BODY_BYTES);
  }
}

/** Closed bars are complete. */
function contextOf({ symbol, interval, boundary }: Series): RowsContext {
  return { symbol, runningUs: Number.POSITIVE_INFINITY, dayBoundary: isOfDays(interval) ? boundary : undefined };
}

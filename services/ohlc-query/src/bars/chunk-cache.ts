import type { Chunk } from "./chunk.js";
import { Touches } from "./touches.js";

/** One that takes more than this share of all memory is not kept. */
const SHARE_MAX = 0.25;
/** Chunks in use take no more than this share, so that there is room for a new one to be seen again. */
const USED_SHARE_MAX = 0.75;
/** So often used, a chunk is in use: a page begins with the last bars of the one before it, so that one use says nothing. */
const USES_MIN = 2;

interface KeptChunk {
  readonly chunk: Chunk;
  uses: number;
}

/** Some chunks, in the order of their last use. */
class Shelf {
  readonly #kept = new Map<string, KeptChunk>();
  #bytes = 0;

  /** @param onGrowth called when one of them takes more than before */
  constructor(private readonly onGrowth: () => void) {}

  get bytes(): number {
    return this.#bytes;
  }

  get keys(): readonly string[] {
    return [...this.#kept.keys()];
  }

  get size(): number {
    return this.#kept.size;
  }

  get oldest(): string | undefined {
    return this.#kept.keys().next().value;
  }

  get(key: string): Chunk | undefined {
    return this.#kept.get(key)?.chunk;
  }

  put(key: string, kept: KeptChunk): void {
    this.#kept.set(key, kept);
    this.#bytes += kept.chunk.bytes;
    kept.chunk.onGrowth = (bytes) => {
      this.#bytes += bytes;
      this.onGrowth();
    };
  }

  take(key: string): KeptChunk | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#bytes -= kept.chunk.bytes;
    kept.chunk.onGrowth = () => undefined;
    return kept;
  }
}

/**
 * Chunks of all databases and series within a number of bytes. The least recently used go first, and those that are *new* before
 * those *in use*: who reads through all history once pushes out nothing that others use. What falls out of use is as new again, and
 * what comes again soon after it went is in use at once, so that many new ones can take the place of those of yesterday. (A segmented
 * LRU with the memory of 2Q: Johnson and Shasha, "2Q: A Low Overhead High Performance Buffer Management Replacement Algorithm", 1994.)
 */
export class ChunkCache {
  readonly #new = new Shelf(() => this.#makeRoom());
  readonly #used = new Shelf(() => this.#makeRoom());
  /** What went lately: as many as are here. */
  readonly #gone = new Touches();
  #hits = 0;
  #misses = 0;

  /** @param bytesMax 0: nothing is kept */
  constructor(readonly bytesMax: number) {}

  get isOn(): boolean {
    return this.bytesMax > 0;
  }

  /** What all chunks take together. */
  get bytes(): number {
    return this.#new.bytes + this.#used.bytes;
  }

  /** Chunks that answers were made of. */
  get hits(): number {
    return this.#hits;
  }

  /** Chunks that answers would have been made of, had they been here. */
  get misses(): number {
    return this.#misses;
  }

  countMiss(): void {
    this.#misses += 1;
  }

  get(key: string): Chunk | undefined {
    return this.#used.get(key) ?? this.#new.get(key);
  }

  /**
   * An answer was made of a chunk, in whose place another one may be by now. One that was given up for room meanwhile comes back:
   * whoever asks for it again would have to read it again.
   */
  use(key: string, chunk: Chunk): void {
    this.#hits += 1;
    const kept = this.#take(key);
    if (kept !== undefined) this.#put(key, { ...kept, uses: kept.uses + 1 });
    else if (this.#gone.has(key)) this.set(key, chunk);
  }

  /** Keeps a chunk in the place of the one that has its key. */
  set(key: string, chunk: Chunk): void {
    const uses = this.#take(key)?.uses ?? (this.#gone.has(key) ? USES_MIN : 0);
    this.#gone.delete(key);
    if (chunk.bytes <= this.bytesMax * SHARE_MAX) this.#put(key, { chunk, uses });
  }

  /** Forgets a chunk that must not come back. */
  delete(key: string): void {
    this.#gone.delete(key);
    this.#take(key);
  }

  /** Forgets all whose keys begin so. */
  deleteAll(prefix: string): void {
    for (const { keys } of [this.#new, this.#used])
      for (const key of keys) if (key.startsWith(prefix)) this.delete(key);
  }

  #take(key: string): KeptChunk | undefined {
    return this.#used.take(key) ?? this.#new.take(key);
  }

  #put(key: string, kept: KeptChunk): void {
    const shelf = kept.uses < USES_MIN ? this.#new : this.#used;
    shelf.put(key, kept);
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (let key = this.#used.oldest; key !== undefined && this.#isUsedFull; key = this.#used.oldest) {
      const kept = this.#used.take(key);
      if (kept !== undefined) this.#new.put(key, { ...kept, uses: 0 });
    }
    while (this.bytes > this.bytesMax) this.#giveUp(this.#new.oldest ?? this.#used.oldest ?? "");
  }

  #giveUp(key: string): void {
    this.#gone.add(key, this.#new.size + this.#used.size);
    this.#take(key);
  }

  get #isUsedFull(): boolean {
    return this.#used.bytes > this.bytesMax * USED_SHARE_MAX;
  }
}

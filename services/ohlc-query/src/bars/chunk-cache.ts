import type { Chunk } from "./chunk.js";

/** One that takes more than this share of all memory is not kept. */
const SHARE_MAX = 0.25;

/** Chunks of all databases and series within a number of bytes: the least recently used go first. */
export class ChunkCache {
  /** In the order of their last use. */
  readonly #chunks = new Map<string, Chunk>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  /** @param bytesMax 0: nothing is kept */
  constructor(readonly bytesMax: number) {}

  get isOn(): boolean {
    return this.bytesMax > 0;
  }

  /** What all chunks take together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks that answers were made of. */
  get hits(): number {
    return this.#hits;
  }

  /** Chunks that answers would have been made of, had they been here. */
  get misses(): number {
    return this.#misses;
  }

  count(hits: number, misses: number): void {
    this.#hits += hits;
    this.#misses += misses;
  }

  get(key: string): Chunk | undefined {
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return undefined;
    this.#chunks.delete(key);
    this.#chunks.set(key, chunk);
    return chunk;
  }

  /** Keeps a chunk in the place of the one that has its key. */
  set(key: string, chunk: Chunk): void {
    this.delete(key);
    if (chunk.bytes > this.bytesMax * SHARE_MAX) return;
    this.#chunks.set(key, chunk);
    this.#bytes += chunk.bytes;
    chunk.onGrowth = (bytes) => {
      this.#bytes += bytes;
      this.#makeRoom();
    };
    this.#makeRoom();
  }

  delete(key: string): void {
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return;
    this.#chunks.delete(key);
    this.#bytes -= chunk.bytes;
    chunk.onGrowth = () => undefined;
  }

  /** Forgets all whose keys begin so. */
  deleteAll(prefix: string): void {
    for (const key of [...this.#chunks.keys()]) if (key.startsWith(prefix)) this.delete(key);
  }

  #makeRoom(): void {
    for (const key of this.#chunks.keys()) {
      if (this.#bytes <= this.bytesMax) return;
      this.delete(key);
    }
  }
}

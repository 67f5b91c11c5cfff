import type { ChunkCache } from "./chunk-cache.js";
import { History } from "./history.js";

/** What is kept of each database that is read from. They share the memory. */
export class Histories {
  readonly #cache: ChunkCache;
  readonly #histories = new Map<object, History>();

  constructor(cache: ChunkCache) {
    this.#cache = cache;
  }

  of(database: object): History {
    const known = this.#histories.get(database);
    if (known !== undefined) return known;
    const history = new History(this.#cache);
    this.#histories.set(database, history);
    return history;
  }
}

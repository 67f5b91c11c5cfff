import type { ChunkCache } from "./chunk-cache.js";
import { History } from "./history.js";

/** What is kept of each database that is read from. They share the memory. */
export class Histories {
  readonly #cache: ChunkCache;
  readonly #histories = new Map<object, History>();
  readonly #onValidated: (seconds: number) => void;

  /** @param onValidated told of the time that a statement took that asked for versions alone */
  constructor(cache: ChunkCache, onValidated: (seconds: number) => void) {
    this.#cache = cache;
    this.#onValidated = onValidated;
  }

  of(database: object): History {
    const known = this.#histories.get(database);
    if (known !== undefined) return known;
    const history = new History(this.#cache);
    this.#histories.set(database, history);
    return history;
  }

  /** Waits for a statement, and notes how long one took that asked for versions alone. */
  async timed<T>(statement: Promise<T>, isOfVersions: boolean): Promise<T> {
    const startedMs = performance.now();
    const found = await statement;
    if (isOfVersions) this.#onValidated((performance.now() - startedMs) / 1000);
    return found;
  }
}

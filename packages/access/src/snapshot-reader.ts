import { type Logger, oneAtATime, type RedisClient, type RedisStore, repeat, withDeadline } from "@fx-ohlc/service-kit";
import { type AccessNames, accessNames } from "./access-names.js";
import type { KeyList } from "./key-list.js";
import type { ReadKeys } from "./key-source.js";

/** How soon a change is known whose announcement was missed. The question costs whoever answers it some 20 µs. */
const LOOK_INTERVAL_MS = 1000;
const LOOK_DEADLINE_MS = 2000;

/** What the reading of keys needs. */
export interface SnapshotReaderOptions {
  readonly list: KeyList;
  readonly readKeys: ReadKeys;
  /** Connections for subscriptions alone. */
  readonly subscription: RedisStore;
  /** Of the database; undefined before it is known. */
  readonly namespace: () => string | undefined;
  readonly logger: Logger;
}

/**
 * Keeps a list of keys as its source is. A change is announced on Redis, and looked for once a second in any case: announcements
 * are lost when a connection is.
 */
export class SnapshotReader {
  #names: AccessNames | undefined;
  #namespace: string | undefined;
  #subscribed: RedisClient | undefined;
  #hasComplained = false;
  #stop: (() => Promise<void>) | undefined;

  constructor(private readonly options: SnapshotReaderOptions) {}

  start(): void {
    this.#stop = repeat(LOOK_INTERVAL_MS, () => this.look());
  }

  async stop(): Promise<void> {
    await this.#stop?.();
  }

  /** What it is called on Redis; undefined before the database's namespace is known. */
  get names(): AccessNames | undefined {
    const namespace = this.options.namespace();
    if (namespace !== this.#namespace) {
      this.#namespace = namespace;
      this.#names = namespace === undefined ? undefined : accessNames(namespace);
    }
    return this.#names;
  }

  /**
   * Whether anything has changed, also while it is asked: one look at a time, which answers all who ask meanwhile, so that whoever
   * makes up keys costs one question after the other. Never rejects.
   */
  readonly look = oneAtATime(() => this.#look());

  async #look(): Promise<void> {
    const { names } = this;
    const { list, readKeys, logger } = this.options;
    if (names === undefined) return;
    // Whatever becomes of it: keys may be read from elsewhere.
    void this.#follow(names);
    try {
      const news = await withDeadline(readKeys(list.version), LOOK_DEADLINE_MS, "the list of keys");
      // What is known stays known.
      if (news === undefined) return;
      if (news.snapshot === undefined) list.confirm(news.ageMs);
      else list.replace(news.snapshot, news.ageMs);
      this.#hasComplained = false;
    } catch (error) {
      if (!this.#hasComplained) logger.warn("the list of keys cannot be read", { error });
      this.#hasComplained = true;
    }
  }

  /** Once on each connection: it comes back with it. */
  async #follow({ changes }: AccessNames): Promise<void> {
    const { subscription } = this.options;
    if (!subscription.isReadyFor(changes)) return;
    const client = subscription.clientOf(changes);
    if (client === this.#subscribed) return;
    this.#subscribed = client;
    try {
      await client.subscribe(changes, () => void this.look());
    } catch {
      this.#subscribed = undefined;
    }
  }
}

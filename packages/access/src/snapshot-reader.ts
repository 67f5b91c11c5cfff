import { type Logger, oneAtATime, type RedisClient, type RedisStore, repeat, withDeadline } from "@fx-ohlc/service-kit";
import { type AccessNames, accessNames } from "./access-names.js";
import type { KeyList } from "./key-list.js";
import type { KeyRecord } from "./key-record.js";

/** How soon a change is known whose announcement was missed. The question costs Redis some 20 µs. */
const LOOK_INTERVAL_MS = 1000;
const LOOK_DEADLINE_MS = 2000;

/** What the reading of keys needs. */
export interface SnapshotReaderOptions {
  readonly list: KeyList;
  readonly redis: RedisStore;
  /** Connections for subscriptions alone. */
  readonly subscription: RedisStore;
  /** Of the database; undefined before it is known. */
  readonly namespace: () => string | undefined;
  readonly logger: Logger;
}

/**
 * Keeps a list of keys as the snapshot on Redis is. A change is announced there, and looked for once a second in any case:
 * announcements are lost when a connection is.
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
    if (names === undefined) return;
    try {
      await withDeadline(this.#read(names), LOOK_DEADLINE_MS, "the list of keys");
      this.#hasComplained = false;
      await this.#subscribe(names);
    } catch (error) {
      if (!this.#hasComplained) this.options.logger.warn("the list of keys cannot be read", { error });
      this.#hasComplained = true;
    }
  }

  async #read(names: AccessNames): Promise<void> {
    const { redis, list } = this.options;
    const client = redis.clientOf(names.version);
    const version = await client.get(names.version);
    // Nobody has written one yet, or Redis has lost it: what is known stays known.
    if (version === null) return;
    if (version === list.version) return list.confirm();
    // All in one transaction, so that it is one version's.
    const [now, keys, subjects] = await client
      .multi()
      .get(names.version)
      .hVals(names.keys)
      .hGetAll(names.subjects)
      .execTyped();
    if (now === null) return;
    list.replace({
      version: String(now),
      keys: keys.map((json) => JSON.parse(json) as KeyRecord), // Written by this very package.
      subjects: Object.fromEntries(Object.entries(subjects).map(([subject, ms]) => [subject, Number(ms)])),
    });
  }

  /** Once on each connection: it comes back with it. */
  async #subscribe({ changes }: AccessNames): Promise<void> {
    const { subscription } = this.options;
    if (!subscription.isReadyFor(changes)) return;
    const client = subscription.clientOf(changes);
    if (client === this.#subscribed) return;
    this.#subscribed = client;
    await client.subscribe(changes, () => void this.look());
  }
}

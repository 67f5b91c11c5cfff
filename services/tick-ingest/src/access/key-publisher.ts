import { type AccessNames, accessNames, writeSnapshot, writtenVersion } from "@fx-ohlc/access";
import { type Database, putAdminKey } from "@fx-ohlc/database";
import { type Logger, oneAtATime, type RedisStore, repeat, withDeadline } from "@fx-ohlc/service-kit";
import type { AuditLog } from "./audit-log.js";
import type { KeyStore } from "./key-store.js";

/** How soon Redis has what it has not: after it lost its data, or a change whose writer died. */
const LOOK_INTERVAL_MS = 1500;
/** How often it is recorded when keys were last used, and what the audit may forget is forgotten. */
const KEEP_INTERVAL_MS = 10_000;
const REDIS_DEADLINE_MS = 2000;

/** What the publishing of keys needs. */
export interface KeyPublisherOptions {
  readonly database: Database;
  readonly store: KeyStore;
  readonly audit: AuditLog;
  readonly redis: RedisStore;
  /** Of the database; undefined before it is known. */
  readonly namespace: () => string | undefined;
  /** The first key of the deployment; undefined: it has been made otherwise. */
  readonly adminKey: string | undefined;
  readonly auditDays: number;
  readonly logger: Logger;
}

/**
 * Keeps the snapshot on Redis, from which every service knows the keys, as the database is. Every process of tick-ingest does: of
 * two that write at once, the newer version stays.
 */
export class KeyPublisher {
  readonly #options: KeyPublisherOptions;
  #stops: readonly (() => Promise<void>)[] = [];
  #isAdminMade: boolean;
  #hasComplained = false;

  constructor(options: KeyPublisherOptions) {
    this.#options = options;
    this.#isAdminMade = options.adminKey === undefined;
  }

  start(): void {
    this.#stops = [
      repeat(LOOK_INTERVAL_MS, () => this.#step(() => this.#look())),
      repeat(KEEP_INTERVAL_MS, () => this.#step(() => this.#keep())),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  /** Something was changed. Never rejects: what cannot be published now is when Redis is back. */
  readonly publish = oneAtATime(() => this.#step(() => this.#write()));

  async #step(step: () => Promise<void>): Promise<void> {
    const { database, redis, logger } = this.#options;
    if (!database.available || !redis.isReady) return;
    try {
      await step();
      this.#hasComplained = false;
    } catch (error) {
      if (!this.#hasComplained) logger.warn("the list of keys cannot be kept", { error });
      this.#hasComplained = true;
    }
  }

  get #names(): AccessNames | undefined {
    const namespace = this.#options.namespace();
    return namespace === undefined ? undefined : accessNames(namespace);
  }

  async #look(): Promise<void> {
    const { store, redis, database, adminKey } = this.#options;
    if (!this.#isAdminMade && adminKey !== undefined) await putAdminKey(database.sql, adminKey);
    this.#isAdminMade = true;
    if (this.#names === undefined) return;
    if ((await store.version()) !== (await writtenVersion(redis, this.#names))) await this.#write();
  }

  async #write(): Promise<void> {
    const { store, redis } = this.#options;
    if (this.#names !== undefined) await writeSnapshot(redis, this.#names, await store.snapshot());
  }

  async #keep(): Promise<void> {
    const { store, redis, audit, auditDays } = this.#options;
    const names = this.#names;
    if (names === undefined) return;
    const taking = redis.clientOf(names.used).multi().hGetAll(names.used).del(names.used).execTyped();
    const [used] = await withDeadline(taking, REDIS_DEADLINE_MS, "when keys were used");
    const usedMs = new Map(Object.entries(used).map(([id, ms]) => [id, Number(ms)]));
    if (usedMs.size > 0) await store.recordUse(usedMs);
    await audit.forget(auditDays);
  }
}

import { type AccessNames, accessNames, confirmSnapshot, writeSnapshot, writtenVersion } from "@fx-ohlc/access";
import { type Database, putAdminKey } from "@fx-ohlc/database";
import { type Logger, oneAtATime, type RedisStore, repeat, withDeadline } from "@fx-ohlc/service-kit";
import type { AuditLog } from "./audit-log.js";
import type { KeyStore } from "./key-store.js";

/** How soon Redis has what it has not: after it lost its data, or a change whose writer died. */
const LOOK_INTERVAL_MS = 1500;
/** Tries to write what another process is writing, too: each that fails means that somebody else has written. */
const TRIES_MAX = 10;
/** How often it is recorded when keys were last used, and what the audit may forget is forgotten. */
const KEEP_INTERVAL_MS = 10_000;
const REDIS_DEADLINE_MS = 2000;

/** What is kept. */
const TASKS = { admin: "the first key", keys: "the list of keys", use: "when keys were used" };

type Task = keyof typeof TASKS;

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
 * Keeps the snapshot on Redis, from which every service knows the keys, as the database is, and confirms it. Every process of
 * tick-ingest does.
 */
export class KeyPublisher {
  readonly #options: KeyPublisherOptions;
  #stops: readonly (() => Promise<void>)[] = [];
  #isAdminMade: boolean;
  #failing: ReadonlySet<Task> = new Set();

  constructor(options: KeyPublisherOptions) {
    this.#options = options;
    this.#isAdminMade = options.adminKey === undefined;
  }

  start(): void {
    this.#stops = [
      repeat(LOOK_INTERVAL_MS, () => this.#look()),
      repeat(KEEP_INTERVAL_MS, () => this.#attempt("use", () => this.#keep())),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  /** What is wrong, a short sentence each. */
  get problems(): readonly string[] {
    return this.#failing.has("keys") ? ["Redis does not take the list of keys: changes of keys hold nowhere else"] : [];
  }

  /**
   * Something was changed. Never rejects: what cannot be published now is when Redis is back.
   *
   * @returns whether every service can know of it
   */
  readonly publish = oneAtATime(() => this.#attempt("keys", () => this.#bring()));

  async #attempt(task: Task, attempt: () => Promise<void>): Promise<boolean> {
    const { database, redis, logger } = this.#options;
    if (!database.available || !redis.isReady) return false;
    const others = [...this.#failing].filter((other) => other !== task);
    try {
      await attempt();
      this.#failing = new Set(others);
      return true;
    } catch (error) {
      if (!this.#failing.has(task)) logger.warn(`${TASKS[task]} cannot be kept`, { error });
      this.#failing = new Set([...others, task]);
      return false;
    }
  }

  get #names(): AccessNames | undefined {
    const namespace = this.#options.namespace();
    return namespace === undefined ? undefined : accessNames(namespace);
  }

  async #look(): Promise<void> {
    if (!this.#isAdminMade) this.#isAdminMade = await this.#attempt("admin", () => this.#makeAdmin());
    await this.publish();
  }

  async #makeAdmin(): Promise<void> {
    const { database, adminKey } = this.#options;
    if (adminKey !== undefined) await putAdminKey(database.sql, adminKey);
  }

  /** Makes Redis say what the database does. */
  async #bring(): Promise<void> {
    const { store, redis } = this.#options;
    const names = this.#names;
    if (names === undefined) throw new Error("the database is not known yet");
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      // Before the database is read: see writeSnapshot.
      const seen = await writtenVersion(redis, names);
      const version = await store.version();
      const isDone =
        seen === version
          ? await confirmSnapshot(redis, names, version)
          : await writeSnapshot(redis, names, await store.snapshot(), seen);
      if (isDone) return;
    }
    throw new Error("others write the list of keys all the while");
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

import type { RedisStore } from "@fx-ohlc/service-kit";
import type { AccessNames } from "./access-names.js";
import { type KeySnapshot, STALE_MS } from "./key-list.js";
import type { KeyRecord } from "./key-record.js";

/** What a look at the keys has found. */
export interface KeyNews {
  /** undefined: what is known is still so. */
  readonly snapshot: KeySnapshot | undefined;
  /** How long ago the database was known to say so; Infinity: nobody knows. */
  readonly ageMs: number;
}

/**
 * Looks whether keys are others than in the version that is known.
 *
 * @returns undefined when there is nothing to go by
 */
export type ReadKeys = (known: string | undefined) => Promise<KeyNews | undefined>;

/** Reads the snapshot on Redis, which tick-ingest confirms as long as it is what the database says. */
export function keysOnRedis(redis: RedisStore, names: () => AccessNames | undefined): ReadKeys {
  return async (known) => {
    const now = names();
    if (now === undefined) return undefined;
    const client = redis.clientOf(now.version);
    // In this order: what is confirmed is this version or one before it.
    const [leftMs, version] = await Promise.all([client.pTTL(now.confirmed), client.get(now.version)]);
    // Nobody has written one yet, or Redis has lost it.
    if (version === null) return undefined;
    const ageMs = leftMs < 0 ? Number.POSITIVE_INFINITY : STALE_MS - leftMs;
    if (version === known) return { snapshot: undefined, ageMs };
    const [keys, subjects, versionAfter] = await Promise.all([
      client.hVals(now.keys),
      client.hGetAll(now.subjects),
      client.get(now.version),
    ]);
    // Written meanwhile, and so announced. (A transaction is refused by a full Redis, also one that only reads.)
    if (versionAfter !== version) return undefined;
    const snapshot = {
      version,
      keys: keys.map((json) => JSON.parse(json) as KeyRecord), // Written by this very package.
      subjects: Object.fromEntries(Object.entries(subjects).map(([subject, ms]) => [subject, Number(ms)])),
    };
    return { snapshot, ageMs };
  };
}

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Gate, type Logger, type Metrics, oneAtATime, openRedis, type RedisAddress } from "@fx-ohlc/service-kit";
import { type AccessConfig, internalSecretCheck } from "./config.js";
import { openGate, TokenGate } from "./gate.js";
import { jwtVerifier } from "./jwt.js";
import { KeyList } from "./key-list.js";
import { keysOnRedis, type ReadKeys } from "./key-source.js";
import { QuotaBook } from "./limits/quota-book.js";
import { RefusedTokens } from "./refused-tokens.js";
import { SnapshotReader } from "./snapshot-reader.js";
import { redeemTicket } from "./tickets.js";
import { UsedKeys } from "./used-keys.js";

/** How often it is looked whether keys that nobody knows were made just now: whoever makes them up has no more looks than that, ms. */
const UNKNOWN_LOOK_INTERVAL_MS = 50;

/** What access needs of a service. */
export interface AccessOptions {
  readonly config: AccessConfig;
  /** Shown by `CLIENT LIST`. */
  readonly name: string;
  /** Of the database; undefined before it is known. */
  readonly namespace: () => string | undefined;
  /** Where the list of keys is read; from Redis where nobody says anything else. */
  readonly readKeys?: ReadKeys;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Access to a service: the gate, and what keeps its knowledge of tokens fresh. */
export interface Access {
  readonly gate: Gate;
  /** Resolves when what keys there are now is known here. Never rejects. */
  refresh(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** Composes it. Nothing is connected before `start`. */
export function createAccess(options: AccessOptions): Access {
  const { door, redis } = options.config;
  if (redis === undefined) {
    const nothing = async () => undefined;
    return { gate: openGate(door), refresh: nothing, start: () => undefined, stop: nothing };
  }
  return guardedAccess(options, redis);
}

function guardedAccess(options: AccessOptions, address: RedisAddress): Access {
  const { config, name, namespace, logger, metrics } = options;
  const redis = openRedis({ name: `${name}-access`, logger }, address);
  const subscription = openRedis({ name: `${name}-access-changes`, logger }, address);
  const list = new KeyList();
  const readKeys = options.readKeys ?? keysOnRedis(redis, () => reader.names);
  const reader: SnapshotReader = new SnapshotReader({ list, readKeys, subscription, namespace, logger });
  const used = new UsedKeys(redis, () => reader.names);
  const quotas = new QuotaBook(
    {
      redis,
      process: randomUUID(),
      get names() {
        return reader.names;
      },
    },
    config.defaultLimits,
  );
  const gate = new TokenGate({
    list,
    refresh: paced(reader.look),
    verifyJwt: jwtVerifier(config.jwt),
    redeem: (ticket) => redeemTicket({ redis, names: reader.names }, ticket),
    isInternalSecret: internalSecretCheck(config.internalSecret),
    anonymousScopes: config.anonymousScopes,
    refused: new RefusedTokens(config.refusedTokensPerSecond),
    quotaOf: (id, limits) => quotas.of(id, limits),
    onUse: (caller) => used.note(caller),
  });
  exportKeyList(metrics, list);
  return {
    gate,
    refresh: reader.look,
    start: () => {
      for (const link of [redis, subscription]) link.open();
      // What waits for a connection, or for the namespace, is looked for as soon as it is there.
      redis.onReady(() => reader.look());
      reader.start();
      used.start();
      quotas.start();
    },
    stop: async () => {
      await Promise.all([reader.stop(), used.stop(), quotas.stop()]);
      for (const link of [redis, subscription]) link.close();
    },
  };
}

/** Whoever asks too soon is answered by the next look. */
function paced(look: () => Promise<void>): () => Promise<void> {
  let nextMs = Number.NEGATIVE_INFINITY;
  return oneAtATime(async () => {
    const waitMs = nextMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    nextMs = performance.now() + UNKNOWN_LOOK_INTERVAL_MS;
    await look();
  });
}

function exportKeyList(metrics: Metrics, list: KeyList): void {
  metrics.addGauge({ name: "access_keys", help: "API keys that are known here.", read: () => list.size });
  metrics.addGauge({
    name: "access_keys_stale",
    help: "1 while the list of keys was not confirmed for 30 s: keys that are not in it get 503.",
    read: () => Number(list.isStale),
  });
}

import slotOf from "cluster-key-slot";
import { withDeadline } from "./deadline.js";
import type { EnvReader } from "./env.js";
import { type RedisClient, RedisLink, type RedisOptions, type RedisStore } from "./redis.js";

/** A failover is noticed after this much at most; the question costs a node some 50 µs. */
const LOOK_INTERVAL_MS = 500;
const LOOK_DEADLINE_MS = 1000;

type Shards = Awaited<ReturnType<RedisClient["clusterSlots"]>>;

/**
 * A Redis Cluster: one {@link RedisLink} to each master, which comes back by itself, and the table of who holds which slot.
 *
 * The table is asked for all the time, from any node that answers, rather than learnt from redirections: a subscription to a
 * sharded channel hears nothing when its node was failed over. A command that reaches the wrong node is rejected with MOVED,
 * and given again by whoever gave it, as after any lost connection.
 *
 * (Not node-redis's own cluster client: it hides reconnections, after which the services have to read back what they missed.)
 */
export class RedisCluster implements RedisStore {
  readonly isCluster = true;
  readonly #options: RedisOptions;
  readonly #seed: RedisLink;
  readonly #links = new Map<string, RedisLink>();
  readonly #listeners: (() => unknown)[] = [];
  /** The address of each slot's master. */
  #owners: readonly string[] = [];
  #table = "";
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param options `url` is that of any node; user, password and TLS are the same for all */
  constructor(options: RedisOptions) {
    this.#options = options;
    this.#seed = new RedisLink({ ...options, name: `${options.name}-topology` });
    this.#seed.onReady(() => this.#look());
  }

  get isReady(): boolean {
    return this.#links.size > 0 && [...this.#links.values()].every((link) => link.isReady);
  }

  get clients(): readonly RedisClient[] {
    if (this.#links.size === 0) throw new Error("no node of the cluster was reached yet");
    return [...this.#links.values()].map((link) => link.client);
  }

  isReadyFor(key: string): boolean {
    return this.#linkOf(key)?.isReady ?? false;
  }

  clientOf(key: string): RedisClient {
    const link = this.#linkOf(key);
    if (link === undefined) throw new Error("nobody in the cluster holds this key just now");
    return link.client;
  }

  serverOf(key: string): string {
    return this.#owners[slotOf(key)] ?? "";
  }

  onReady(listener: () => unknown): void {
    this.#listeners.push(this.#seed.guard("redis cluster ready", listener));
  }

  async ping(): Promise<void> {
    if (this.#links.size === 0) throw new Error("no node of the cluster was reached yet");
    await Promise.all([...this.#links.values()].map((link) => link.ping()));
  }

  open(): void {
    this.#seed.open();
    const next = () => {
      void this.#look().finally(() => {
        if (!this.#closed) this.#timer = setTimeout(next, LOOK_INTERVAL_MS);
      });
    };
    next();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const link of [this.#seed, ...this.#links.values()]) link.close();
  }

  #linkOf(key: string): RedisLink | undefined {
    return this.#links.get(this.#owners[slotOf(key)] ?? "");
  }

  /** Asks one node after the other until one answers. A node that was cut off may answer what is old; the next look mends it. */
  async #look(): Promise<void> {
    for (const link of [...this.#links.values(), this.#seed]) {
      if (!link.isReady) continue;
      try {
        this.#apply(await withDeadline(link.client.clusterSlots(), LOOK_DEADLINE_MS, "the cluster's table"));
        return;
      } catch {
        // The next one may know.
      }
    }
  }

  #apply(shards: Shards): void {
    const table = JSON.stringify(shards.map(({ from, to, master }) => [from, to, master.host, master.port]).sort());
    if (table === this.#table || this.#closed) return;
    this.#table = table;
    this.#owners = ownersOf(shards);
    this.#connect(new Set(this.#owners));
    for (const listener of this.#listeners) listener();
  }

  /** Links to new masters are opened, those to nodes that are masters no more are closed. */
  #connect(addresses: ReadonlySet<string>): void {
    for (const [address, link] of this.#links) {
      if (addresses.has(address)) continue;
      this.#links.delete(address);
      link.close();
    }
    for (const address of addresses) {
      if (this.#links.has(address)) continue;
      const link = new RedisLink({ ...this.#options, url: this.#urlOf(address) });
      this.#links.set(address, link);
      link.onReady(() => {
        for (const listener of this.#listeners) listener();
      });
      link.open();
    }
  }

  #urlOf(address: string): string {
    const url = new URL(this.#options.url);
    url.host = address;
    return url.href;
  }
}

function ownersOf(shards: Shards): string[] {
  const owners: string[] = [];
  for (const { from, to, master } of shards) {
    for (let slot = from; slot <= to; slot += 1) owners[slot] = `${master.host}:${master.port}`;
  }
  return owners;
}

/** Reads `REDIS_CLUSTER`: whether `REDIS_URL` names a node of a cluster. */
export function readRedisCluster(env: EnvReader): boolean {
  return env.boolean("REDIS_CLUSTER", { default: false });
}

/** Reads `STREAM_KEEP_S`: how long streams keep a message, and how old a tick may be that is put there. */
export function readStreamKeep(env: EnvReader): number {
  return env.integer("STREAM_KEEP_S", { default: 300, min: 10, max: 86_400, unit: "s" });
}

/** One server, or a cluster of which the URL names a node. */
export function openRedis(options: RedisOptions, isCluster: boolean): RedisStore {
  return isCluster ? new RedisCluster(options) : new RedisLink(options);
}

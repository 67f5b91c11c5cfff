import slotOf from "cluster-key-slot";
import { withDeadline } from "./deadline.js";
import { guarded, type RedisClient, RedisLink, type RedisOptions, type RedisStore } from "./redis.js";
import { type RedisAddress, withAddress } from "./redis-address.js";
import { repeat } from "./repeat.js";

/** A failover is noticed after this much at most; the question costs a node or a sentinel some 50 µs. */
const LOOK_INTERVAL_MS = 500;
const LOOK_DEADLINE_MS = 1000;
const SLOTS = 16_384;

/** The master of the slots from `from` to `to`. */
interface Holding {
  readonly from: number;
  readonly to: number;
  readonly host: string;
  readonly port: number;
}

/** Who knows which servers there are. */
interface Directory {
  readonly isCluster: boolean;
  /** URLs of those that are asked, at the start or always. */
  readonly seeds: readonly string[];
  /** User, password and TLS of the masters. */
  readonly server: string;
  ask(client: RedisClient): Promise<readonly Holding[]>;
}

function directoryOf(address: Exclude<RedisAddress, { kind: "one" }>): Directory {
  if (address.kind === "cluster") {
    return { isCluster: true, seeds: address.nodes, server: address.nodes[0] ?? "", ask: askNode };
  }
  const { sentinels: seeds, server, master } = address;
  return { isCluster: false, seeds, server, ask: (client) => askSentinel(client, master) };
}

async function askNode(client: RedisClient): Promise<readonly Holding[]> {
  const shards = await client.clusterSlots();
  return shards.map(({ from, to, master: { host, port } }) => ({ from, to, host, port }));
}

async function askSentinel(client: RedisClient, name: string): Promise<readonly Holding[]> {
  const answer = await client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
  if (!Array.isArray(answer)) throw new Error("the sentinels know no master of this name");
  return [{ from: 0, to: SLOTS - 1, host: String(answer[0]), port: Number(answer[1]) }];
}

/**
 * The masters of a Redis Cluster, or the one that sentinels have chosen: a {@link RedisLink} to each, which comes back by itself,
 * and the table of who holds which slot.
 *
 * The table is asked for all the time, from any node or sentinel that answers, rather than learnt from redirections: a
 * subscription hears nothing when its node was failed over. A command that reaches the wrong node is rejected, and given again by
 * whoever gave it, as after any lost connection.
 *
 * node-redis 6.3 has clients of its own for both, which tell more than they did (`node-ready`) and subscribe again by themselves;
 * see infra/guide/redis.md for what was measured of them and why they are not used.
 */
export class RedisNodes implements RedisStore {
  readonly isCluster: boolean;
  readonly #options: Omit<RedisOptions, "url">;
  readonly #directory: Directory;
  readonly #seeds: readonly RedisLink[];
  readonly #links = new Map<string, RedisLink>();
  readonly #listeners: (() => void)[] = [];
  /** The URL of each slot's master. */
  #owners: readonly string[] = [];
  #table = "";
  #stopLooking: (() => unknown) | undefined;
  #closed = false;

  constructor(options: Omit<RedisOptions, "url">, address: Exclude<RedisAddress, { kind: "one" }>) {
    this.#options = options;
    this.#directory = directoryOf(address);
    this.isCluster = this.#directory.isCluster;
    const name = `${options.name}-topology`;
    this.#seeds = this.#directory.seeds.map((url) => new RedisLink({ ...options, url, name }));
    for (const seed of this.#seeds) seed.onReady(() => this.#look());
  }

  get isReady(): boolean {
    return this.#links.size > 0 && [...this.#links.values()].every((link) => link.isReady);
  }

  get clients(): readonly RedisClient[] {
    if (this.#links.size === 0) throw new Error("no master was reached yet");
    return [...this.#links.values()].map((link) => link.client);
  }

  isReadyFor(key: string): boolean {
    return this.#linkOf(key)?.isReady ?? false;
  }

  clientOf(key: string): RedisClient {
    const link = this.#linkOf(key);
    if (link === undefined) throw new Error("nobody holds this key just now");
    return link.client;
  }

  serverOf(key: string): string {
    if (!this.isCluster) return "one";
    const url = this.#owners[slotOf(key)] ?? "";
    return url === "" ? "" : new URL(url).host;
  }

  onReady(listener: () => unknown): void {
    this.#listeners.push(guarded(this.#options.logger, "redis ready", listener));
  }

  async ping(): Promise<void> {
    if (this.#links.size === 0) throw new Error("no master was reached yet");
    await Promise.all([...this.#links.values()].map((link) => link.ping()));
  }

  open(): void {
    for (const seed of this.#seeds) seed.open();
    this.#stopLooking = repeat(LOOK_INTERVAL_MS, () => this.#look());
  }

  close(): void {
    this.#closed = true;
    this.#stopLooking?.();
    for (const link of [...this.#seeds, ...this.#links.values()]) link.close();
  }

  #linkOf(key: string): RedisLink | undefined {
    return this.#links.get(this.#owners[slotOf(key)] ?? "");
  }

  /** Asks one after the other until one answers. One that was cut off may answer what is old; the next look mends it. */
  async #look(): Promise<void> {
    const masters = this.isCluster ? [...this.#links.values()] : [];
    for (const link of [...masters, ...this.#seeds]) {
      if (!link.isReady) continue;
      try {
        this.#apply(await withDeadline(this.#directory.ask(link.client), LOOK_DEADLINE_MS, "the table of masters"));
        return;
      } catch {
        // The next one may know.
      }
    }
  }

  #apply(holdings: readonly Holding[]): void {
    const table = JSON.stringify([...holdings].sort((a, b) => a.from - b.from));
    if (table === this.#table || this.#closed) return;
    this.#table = table;
    const owners = new Array<string>(SLOTS).fill("");
    for (const { from, to, host, port } of holdings) {
      owners.fill(withAddress(this.#directory.server, host, port), from, to + 1);
    }
    this.#owners = owners;
    this.#connect(new Set(owners.filter((url) => url !== "")));
    for (const listener of this.#listeners) listener();
  }

  /** Links to new masters are opened, those to servers that are masters no more are closed. */
  #connect(urls: ReadonlySet<string>): void {
    for (const [url, link] of this.#links) {
      if (urls.has(url)) continue;
      this.#links.delete(url);
      link.close();
    }
    for (const url of urls) {
      if (this.#links.has(url)) continue;
      const link = new RedisLink({ ...this.#options, url });
      this.#links.set(url, link);
      link.onReady(() => {
        for (const listener of this.#listeners) listener();
      });
      link.open();
    }
  }
}

/** Connects to what an address names; nothing is connected before it is opened. */
export function openRedis(options: Omit<RedisOptions, "url">, address: RedisAddress): RedisStore {
  if (address.kind === "one") return new RedisLink({ ...options, url: address.url });
  return new RedisNodes(options, address);
}

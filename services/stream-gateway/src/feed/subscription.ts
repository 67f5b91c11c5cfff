import type { StreamNames } from "@fx-ohlc/schemas";
import type { RedisClient, RedisStore } from "@fx-ohlc/service-kit";

/** Told of every published message, with the channel it came on. Must not throw: the rest of a chunk would be lost. */
export type MessageListener = (raw: string, channel: string) => void;

/** How the messages of all symbols are heard. */
export interface Subscription {
  /**
   * Whose messages are heard from now on; nobody else's. To be called again when they may have been missed, the names have
   * changed, or it failed.
   */
  start(names: StreamNames, listener: MessageListener): Promise<void>;
  /**
   * Sees to it that these symbols are heard.
   *
   * @returns those that were not, whose messages may have been missed
   */
  follow(symbols: Iterable<string>): Promise<readonly string[]>;
}

/**
 * On one server one pattern brings all symbols, those of tomorrow too; on a cluster each has a sharded channel.
 *
 * @param onBegun told of symbols whose streams begin: on a cluster they have to be followed
 */
export function subscribedTo(store: RedisStore, onBegun: (symbol: string) => void): Subscription {
  return store.isCluster ? new ShardedSubscription(store, onBegun) : new PatternSubscription(store);
}

class PatternSubscription implements Subscription {
  /** The pattern that each connection brings. */
  readonly #heard = new WeakMap<RedisClient, string>();

  constructor(private readonly store: RedisStore) {}

  async start({ tickChannelPattern }: StreamNames, listener: MessageListener): Promise<void> {
    for (const client of this.store.clients) {
      const before = this.#heard.get(client);
      if (before === tickChannelPattern) continue;
      await client.pSubscribe(tickChannelPattern, listener);
      this.#heard.set(client, tickChannelPattern);
      if (before !== undefined) await client.pUnsubscribe(before);
    }
  }

  async follow(): Promise<readonly string[]> {
    return [];
  }
}

/**
 * Sharded channels live where their symbol's stream lives, and a message goes to that node alone, not to all of the cluster.
 * Subscriptions come back with a node's connection; when a symbol has moved to another node, it is subscribed there. No pattern
 * brings symbols that begin: they are announced on a channel of all nodes.
 */
class ShardedSubscription implements Subscription {
  /** The connection each symbol is subscribed on. */
  readonly #followed = new Map<string, RedisClient>();
  /** The channel of announcements that each connection brings. */
  readonly #announced = new WeakMap<RedisClient, string>();
  #listener: MessageListener | undefined;
  #names: StreamNames | undefined;

  constructor(
    private readonly store: RedisStore,
    private readonly onBegun: (symbol: string) => void,
  ) {}

  async start(names: StreamNames, listener: MessageListener): Promise<void> {
    const before = this.#names;
    this.#names = names;
    this.#listener = listener;
    await Promise.all(this.store.clients.map((client) => this.#hearAnnouncements(client, names)));
    if (before === undefined || before.tickChannelPattern === names.tickChannelPattern) return;
    const followed = [...this.#followed];
    this.#followed.clear();
    await Promise.all(followed.map(([symbol, client]) => client.sUnsubscribe(before.tickChannel(symbol))));
  }

  async follow(symbols: Iterable<string>): Promise<readonly string[]> {
    const moved = [...symbols].filter((symbol) => this.#followed.get(symbol) !== this.#clientOf(symbol));
    await Promise.all(moved.map((symbol) => this.#subscribe(symbol)));
    return moved;
  }

  async #hearAnnouncements(client: RedisClient, { begunChannel, symbolOfTickChannel }: StreamNames): Promise<void> {
    const before = this.#announced.get(client);
    if (before === begunChannel) return;
    await client.subscribe(begunChannel, (channel) => {
      if (this.#names?.begunChannel === begunChannel) this.onBegun(symbolOfTickChannel(channel));
    });
    this.#announced.set(client, begunChannel);
    if (before !== undefined) await client.unsubscribe(before);
  }

  async #subscribe(symbol: string): Promise<void> {
    const [names, listener] = [this.#names, this.#listener];
    if (names === undefined || listener === undefined) return;
    const client = this.#clientOf(symbol);
    await client.sSubscribe(names.tickChannel(symbol), listener);
    this.#followed.set(symbol, client);
  }

  #clientOf(symbol: string): RedisClient {
    return this.store.clientOf(this.#names?.tickChannel(symbol) ?? symbol);
  }
}

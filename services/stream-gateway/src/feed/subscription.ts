import type { StreamNames } from "@fx-ohlc/schemas";
import type { RedisClient, RedisStore } from "@fx-ohlc/service-kit";

/** Told of every published message, with the channel it came on. Must not throw: the rest of a chunk would be lost. */
export type MessageListener = (raw: string, channel: string) => void;

/** How the messages of all symbols are heard. */
export interface Subscription {
  readonly isReady: boolean;
  /** Whether each symbol is subscribed by itself, so that new ones have to be looked for. */
  readonly isPerSymbol: boolean;
  /** Calls back when messages may have been missed. */
  onReady(listener: () => unknown): void;
  /** Resolves when everything published before has been handed to the listener. */
  ping(): Promise<void>;
  /** Whose messages are heard from now on; nobody else's. To be called again when the names have changed, or it failed. */
  start(names: StreamNames, listener: MessageListener): Promise<void>;
  /**
   * Sees to it that these symbols are heard.
   *
   * @returns those that were not, whose messages may have been missed
   */
  follow(symbols: Iterable<string>): Promise<readonly string[]>;
}

/** On one server one pattern brings all symbols, those of tomorrow too; on a cluster each has a sharded channel. */
export function subscribedTo(store: RedisStore): Subscription {
  return store.isCluster ? new ShardedSubscription(store) : new PatternSubscription(store);
}

class PatternSubscription implements Subscription {
  readonly isPerSymbol = false;
  #pattern: string | undefined;

  constructor(private readonly store: RedisStore) {}

  get isReady(): boolean {
    return this.store.isReady;
  }

  onReady(listener: () => unknown): void {
    this.store.onReady(listener);
  }

  ping(): Promise<void> {
    return this.store.ping();
  }

  async start({ tickChannelPattern }: StreamNames, listener: MessageListener): Promise<void> {
    const before = this.#pattern;
    if (before === tickChannelPattern) return;
    await Promise.all(this.store.clients.map((client) => client.pSubscribe(tickChannelPattern, listener)));
    this.#pattern = tickChannelPattern;
    if (before !== undefined) await Promise.all(this.store.clients.map((client) => client.pUnsubscribe(before)));
  }

  async follow(): Promise<readonly string[]> {
    return [];
  }
}

/**
 * Sharded channels live where their symbol's stream lives, and a message goes to that node alone, not to all of the cluster.
 * Subscriptions come back with a node's connection; when a symbol has moved to another node, it is subscribed there.
 */
class ShardedSubscription implements Subscription {
  readonly isPerSymbol = true;
  /** The connection each symbol is subscribed on. */
  readonly #followed = new Map<string, RedisClient>();
  #listener: MessageListener | undefined;
  #names: StreamNames | undefined;

  constructor(private readonly store: RedisStore) {}

  get isReady(): boolean {
    return this.store.isReady;
  }

  onReady(listener: () => unknown): void {
    this.store.onReady(listener);
  }

  ping(): Promise<void> {
    return this.store.ping();
  }

  async start(names: StreamNames, listener: MessageListener): Promise<void> {
    const before = this.#names;
    this.#names = names;
    this.#listener = listener;
    if (before === undefined || before === names) return;
    const followed = [...this.#followed];
    this.#followed.clear();
    await Promise.all(followed.map(([symbol, client]) => client.sUnsubscribe(before.tickChannel(symbol))));
  }

  async follow(symbols: Iterable<string>): Promise<readonly string[]> {
    const moved = [...symbols].filter((symbol) => this.#followed.get(symbol) !== this.#clientOf(symbol));
    await Promise.all(moved.map((symbol) => this.#subscribe(symbol)));
    return moved;
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

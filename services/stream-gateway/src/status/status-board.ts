import { FEED_STATES, type FeedNames, feedNames } from "@fx-ohlc/schemas";
import { type Logger, type RedisStore, repeat, withDeadline } from "@fx-ohlc/service-kit";
import type { Hub } from "../fanout/hub.js";
import { StatusItem, type SymbolStatus } from "../fanout/status-item.js";
import type { StreamItem } from "../fanout/stream-item.js";

/** How soon a change is known. The question is a single word of Redis; all states are read only after one. */
const LOOK_INTERVAL_MS = 1000;
const DEADLINE_MS = 2000;

export interface StatusBoardOptions {
  readonly redis: RedisStore;
  /** Of the database; undefined before it is known. */
  readonly namespace: () => string | undefined;
  readonly hub: Hub<StreamItem>;
  readonly logger: Logger;
}

/**
 * How the feeds of each symbol are, as tick-ingest has told on Redis. While Redis is away it stays as it was: nobody knows better.
 */
export class StatusBoard {
  readonly #options: StatusBoardOptions;
  #status: ReadonlyMap<string, SymbolStatus> = new Map();
  #names: { readonly namespace: string; readonly names: FeedNames } | undefined;
  #version: string | null | undefined;
  #isFailing = false;
  #stop: (() => Promise<void>) | undefined;

  constructor(options: StatusBoardOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stop = repeat(LOOK_INTERVAL_MS, () => this.#attempt());
  }

  stop(): void {
    void this.#stop?.();
  }

  /** undefined for one of which no producer has named itself. */
  of(symbol: string): SymbolStatus | undefined {
    return this.#status.get(symbol);
  }

  get symbols(): Iterable<string> {
    return this.#status.keys();
  }

  /** Reads what has changed and tells those who follow it. */
  async look(): Promise<void> {
    const names = this.#namesNow();
    if (names === undefined || !this.#options.redis.isReadyFor(names.version)) return;
    const client = this.#options.redis.clientOf(names.version);
    // Before the states: what changes after them is another version.
    const version = await withDeadline(client.get(names.version), DEADLINE_MS, "the version of states");
    if (version === this.#version) return;
    const told = await withDeadline(client.hGetAll(names.status), DEADLINE_MS, "the states of feeds");
    this.#version = version;
    this.#take(parse(told));
  }

  #take(now: ReadonlyMap<string, SymbolStatus>): void {
    const before = this.#status;
    this.#status = now;
    for (const [symbol, status] of now) {
      const was = before.get(symbol);
      if (was?.state !== status.state || was.sinceUs !== status.sinceUs) {
        this.#options.hub.publish(new StatusItem(symbol, status));
      }
    }
  }

  async #attempt(): Promise<void> {
    try {
      await this.look();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.logger.warn("the states of feeds cannot be read", { error });
      this.#isFailing = true;
    }
  }

  #namesNow(): FeedNames | undefined {
    const namespace = this.#options.namespace();
    if (namespace === undefined) return undefined;
    if (this.#names?.namespace !== namespace) {
      this.#names = { namespace, names: feedNames(namespace) };
      this.#version = undefined;
    }
    return this.#names.names;
  }
}

/** `live 1764928800000000` of each symbol. */
function parse(told: Readonly<Record<string, string>>): Map<string, SymbolStatus> {
  const status = new Map<string, SymbolStatus>();
  for (const [symbol, text] of Object.entries(told)) {
    const [word, sinceUs] = text.split(" ");
    const state = FEED_STATES.find((one) => one === word);
    if (state !== undefined) status.set(symbol, { state, sinceUs: Number(sinceUs) });
  }
  return status;
}

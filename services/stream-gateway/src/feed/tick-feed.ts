import { randomBytes } from "node:crypto";
import { type Deployment, hull, isEpochOf, type Micros, type Offset, type TimeRange } from "@fx-ohlc/schemas";
import { fullJitterMs, guarded, type Logger, type RedisStore } from "@fx-ohlc/service-kit";
import { type FeedMessage, parseFeedMessage } from "./feed-message.js";
import { type Delivery, type Gap, Sequencer } from "./sequencer.js";
import type { StreamReader } from "./stream-reader.js";
import { type Subscription, subscribedTo } from "./subscription.js";

/** Who hears of every symbol's messages, in order and each once. */
export interface FeedListener {
  onMessage(symbol: string, message: FeedMessage): void;
  onGap(symbol: string, gap: Gap): void;
  /** Messages of another database, or of this one before it was put back, told of this range and were not handed on. */
  onForeign(symbol: string, range: TimeRange): void;
  /** The streams are those of another database, or it was put back. */
  onRestart(restart: Restart): void;
}

/** What was told may not have happened: the database was put back, or is another one. */
export interface Restart {
  /** All that were heard of. */
  readonly symbols: readonly string[];
  /** From when on; undefined when nobody knows. */
  readonly sinceUs: Micros | undefined;
}

export interface TickFeedOptions {
  /** Connections for subscriptions alone. */
  readonly redis: RedisStore;
  readonly reader: StreamReader;
  /** Told of each message in this order. */
  readonly listeners: readonly FeedListener[];
  /** Whose streams they are; nothing is done before it is known. */
  deployment(): Deployment | undefined;
  /** A message told of another deployment: what is known may be old. */
  onForeign(): void;
  readonly logger: Logger;
}

/** While Redis is away what is missing is asked for again this often: at most once in two seconds. */
const RETRY_BACKOFF = { baseMs: 50, maxMs: 2000 };
/** How often the subscription is asked whether it is up to date. */
const CONFIRM_INTERVAL_MS = 500;
/** Streams read at the same time after a reconnection: they share one connection, which they would only fill. */
const READS_MAX = 32;

/**
 * Every symbol's messages from Redis, put in order by a {@link Sequencer} each.
 *
 * At the first connection each stream's newest offset is where its symbol starts. From then on a symbol nobody heard of has had no message:
 * its first one must be sequence 1. At every reconnection all streams are looked up, new ones included, and read from where
 * they were left.
 *
 * Messages of another deployment than the known one are not handed on: those of a newer one are read from its streams once it is
 * known, and what remains is declared, see {@link declareForeign}.
 */
export class TickFeed {
  readonly #subscription: Subscription;
  readonly #sequencers = new Map<string, Sequencer<FeedMessage>>();
  readonly #reading = new Set<string>();
  readonly #foreign = new Map<string, TimeRange>();
  /** Counts the deployments: answers to questions about an earlier one say nothing. */
  #generation = 0;
  #isSynced = false;
  #isLookupNeeded = false;
  #isLookingUp = false;
  #isStopped = false;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #confirmTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: TickFeedOptions) {
    this.#subscription = subscribedTo(options.redis, (symbol) => void this.#meet(symbol));
  }

  /** Of this feed alone: who comes with another one's can have missed what this one never heard of. */
  readonly beforeFirst: Offset = { epoch: `0${randomBytes(6).toString("hex")}`, sequence: 0 };

  /** Whether Redis has been reached since the start, so that positions mean something. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Every message published before this instant of `performance.now()` has been handed to the listeners. */
  get confirmedAtMs(): number {
    return this.#confirmedAtMs;
  }

  get symbols(): Iterable<string> {
    return this.#sequencers.keys();
  }

  /** Whether a symbol has had no message that was not handed on, ever since this feed began. */
  isWhole(symbol: string): boolean {
    return this.#sequencers.get(symbol)?.isWhole ?? this.#isSynced;
  }

  /** The last offset of a symbol that was handed to the listeners or declared lost; undefined when there was none. */
  position(symbol: string): Offset | undefined {
    return this.#sequencers.get(symbol)?.position;
  }

  /** Subscribes at the first connection and catches up after every later one. The links are opened by whoever made them. */
  start(): void {
    this.options.redis.onReady(() => this.#onConnected());
    this.#confirmTimer = setInterval(() => void this.#confirm(), CONFIRM_INTERVAL_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#confirmTimer);
    clearTimeout(this.#retryTimer);
  }

  /**
   * Another deployment is streamed from, or it is known for the first time.
   *
   * @param sinceUs from when on what was told of the one before may not have happened; undefined when nobody knows
   */
  restart(sinceUs?: Micros): void {
    this.#generation += 1;
    const isFirst = !this.#isSynced;
    for (const sequencer of this.#sequencers.values()) sequencer.restart();
    const restart = { symbols: [...this.#sequencers.keys()], sinceUs };
    if (!isFirst) for (const listener of this.options.listeners) listener.onRestart(restart);
    this.#isLookupNeeded = true;
    this.#catchUp();
  }

  /** Declares what foreign messages told of. To be called once their deployment could have become known. */
  declareForeign(): void {
    const foreign = [...this.#foreign];
    this.#foreign.clear();
    for (const told of foreign) for (const listener of this.options.listeners) listener.onForeign(...told);
  }

  #onConnected(): void {
    for (const sequencer of this.#sequencers.values()) sequencer.reconnected();
    this.#isLookupNeeded = true;
    this.#catchUp();
  }

  #receive(raw: string, channel: string): void {
    const message = parseFeedMessage(raw);
    // Its place stays empty, so the next message makes a jump and the stream is asked.
    if (message === undefined) return;
    const deployment = this.options.deployment();
    const { symbol } = message.content;
    // A channel that was just left may have had something under way.
    if (deployment?.names.tickChannel(symbol) !== channel) return;
    if (!isEpochOf(message.offset.epoch, deployment.incarnation)) {
      this.#noteForeign(symbol, message);
      return;
    }
    const sequencer = this.#sequencers.get(symbol) ?? this.#add(symbol);
    this.#handOn(symbol, sequencer.receive(message));
    if (sequencer.wantedFrom !== undefined) void this.#read(symbol, sequencer);
  }

  #noteForeign(symbol: string, message: FeedMessage): void {
    const range = message.times;
    const known = this.#foreign.get(symbol);
    this.#foreign.set(symbol, known === undefined ? range : hull(known, range));
    this.options.onForeign();
  }

  #add(symbol: string): Sequencer<FeedMessage> {
    const sequencer = new Sequencer<FeedMessage>();
    if (this.#isSynced) sequencer.start(undefined);
    this.#sequencers.set(symbol, sequencer);
    return sequencer;
  }

  #handOn(symbol: string, deliveries: readonly Delivery<FeedMessage>[]): void {
    for (const delivery of deliveries) {
      for (const listener of this.options.listeners) {
        if (delivery.kind === "message") listener.onMessage(symbol, delivery.message);
        else listener.onGap(symbol, delivery.gap);
      }
    }
  }

  /** Starts whatever is still missing: the look-up of all streams, then the read of each that has more than was handed on. */
  #catchUp(): void {
    // What was being read when it stopped fails afterwards.
    if (this.#isStopped) return;
    if (this.#isLookupNeeded) {
      if (!this.#isLookingUp) void this.#lookUp();
      return;
    }
    for (const [symbol, sequencer] of this.#sequencers) {
      if (this.#reading.size >= READS_MAX) return;
      if (sequencer.wantedFrom !== undefined) void this.#read(symbol, sequencer);
    }
  }

  async #lookUp(): Promise<void> {
    const deployment = this.options.deployment();
    if (deployment === undefined) return;
    const generation = this.#generation;
    const hear = guarded(this.options.logger, "tick message", (...told: [string, string]) => this.#receive(...told));
    this.#isLookingUp = true;
    try {
      this.#isLookupNeeded = false;
      await this.#subscription.start(deployment.names, hear);
      const positions = await this.options.reader.positions();
      // Otherwise another look-up is needed already.
      if (generation !== this.#generation) return;
      this.#takePositions(positions);
      const missed = await this.#subscription.follow(this.#sequencers.keys());
      for (const symbol of missed) this.#sequencers.get(symbol)?.reconnected();
      this.#failures = 0;
    } catch (error) {
      this.#isLookupNeeded = true;
      this.#retryLater(error);
    } finally {
      this.#isLookingUp = false;
      if (this.#retryTimer === undefined) this.#catchUp();
    }
  }

  /** A stream begins that is subscribed by itself: what was published before it is heard is read. */
  async #meet(symbol: string): Promise<void> {
    if (!this.#isSynced || this.#sequencers.has(symbol)) return;
    const sequencer = this.#add(symbol);
    try {
      await this.#subscription.follow([symbol]);
      sequencer.reconnected();
      void this.#read(symbol, sequencer);
    } catch (error) {
      this.#isLookupNeeded = true;
      this.#retryLater(error);
    }
  }

  #takePositions(positions: ReadonlyMap<string, Offset>): void {
    const isFirst = !this.#isSynced;
    for (const symbol of positions.keys()) {
      if (this.#sequencers.has(symbol)) continue;
      const sequencer = this.#add(symbol);
      // After the first look-up this is a stream that began while nobody listened: all of it was missed.
      if (!isFirst) sequencer.reconnected();
    }
    if (!isFirst) return;
    this.#isSynced = true;
    for (const [symbol, sequencer] of this.#sequencers) this.#handOn(symbol, sequencer.start(positions.get(symbol)));
  }

  async #read(symbol: string, sequencer: Sequencer<FeedMessage>): Promise<void> {
    if (this.#reading.has(symbol) || this.#reading.size >= READS_MAX) return;
    this.#reading.add(symbol);
    try {
      for (let from = sequencer.beginRead(); from !== undefined; from = sequencer.beginRead()) {
        const generation = this.#generation;
        const history = await this.options.reader.read(symbol, from);
        if (generation === this.#generation) this.#handOn(symbol, sequencer.history(history));
        this.#failures = 0;
      }
    } catch (error) {
      this.#retryLater(error);
    } finally {
      this.#reading.delete(symbol);
    }
    if (this.#retryTimer === undefined) this.#catchUp();
  }

  #retryLater(error: unknown): void {
    if (this.#retryTimer !== undefined) return;
    if (this.options.reader.isReady) this.options.logger.warn("reading back failed, trying again", { error });
    const waitMs = RETRY_BACKOFF.baseMs + fullJitterMs(this.#failures, RETRY_BACKOFF);
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#catchUp();
    }, waitMs);
  }

  /** Redis answers a ping after everything it published before, on the same connection. */
  async #confirm(): Promise<void> {
    if (!this.options.redis.isReady || !this.#isUpToDate()) return;
    const askedAtMs = performance.now();
    try {
      await this.options.redis.ping();
    } catch {
      return;
    }
    if (this.#isUpToDate()) this.#confirmedAtMs = Math.max(this.#confirmedAtMs, askedAtMs);
  }

  #isUpToDate(): boolean {
    if (!this.#isSynced || this.#isLookupNeeded || this.#isLookingUp) return false;
    for (const sequencer of this.#sequencers.values()) if (sequencer.wantedFrom !== undefined) return false;
    return true;
  }
}

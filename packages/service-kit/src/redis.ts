import { setImmediate as nextTurn } from "node:timers/promises";
import { createClient } from "@redis/client";
import { fullJitterMs } from "./backoff.js";
import { withDeadline } from "./deadline.js";
import type { Logger } from "./logger.js";

/** Reconnecting: quick at first, then about once a second, for ever. */
const RECONNECT = { baseMs: 50, maxMs: 2000 };
/** A server that does not complete the handshake of a new connection in this time is frozen. */
const HANDSHAKE_TIMEOUT_MS = 2000;
/** A frozen server is noticed after this much silence plus one deadline: under 2 s. */
const PING_INTERVAL_MS = 500;
const PING_DEADLINE_MS = 1000;

/** Where and as whom to connect. */
export interface RedisOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Shown by `CLIENT LIST`. */
  readonly name: string;
  readonly logger: Logger;
}

function newClient({ url, name }: RedisOptions) {
  return createClient({
    url,
    name,
    // A command given while Redis is away fails at once: the caller decides what to keep, with a bound of its own.
    disableOfflineQueue: true,
    // No commandOptions.timeout: it makes publishing three times slower and does not cover a written command.
    socket: {
      connectTimeout: HANDSHAKE_TIMEOUT_MS,
      // Node counts silence in both directions, so this ends handshakes only: an open connection is pinged more often.
      socketTimeout: HANDSHAKE_TIMEOUT_MS,
      // Must always be a number: anything else closes the client for good.
      reconnectStrategy: (retries) => fullJitterMs(retries, RECONNECT),
    },
  });
}

export type RedisClient = ReturnType<typeof newClient>;

/** Where keys are: one server, by itself or chosen by sentinels, or the nodes of a cluster of which each holds some. */
export interface RedisStore {
  /** Whether every server can be given commands. */
  readonly isReady: boolean;
  /** Whether keys are spread over several servers, so that channels have to be sharded like them. */
  readonly isCluster: boolean;
  /** A connection to each server. */
  readonly clients: readonly RedisClient[];
  /** Whether the server that holds a key can be given commands. */
  isReadyFor(key: string): boolean;
  /**
   * The connection to the server that holds a key. Never kept: keys move.
   *
   * @throws Error when it is not known yet
   */
  clientOf(key: string): RedisClient;
  /** The name of the server that holds a key: its address in a cluster. */
  serverOf(key: string): string;
  /** Calls back at every (re)connection of a server, and when keys have moved: what was published meanwhile was missed. */
  onReady(listener: () => unknown): void;
  /** Resolves when every server answers, rejects within a second when one does not. */
  ping(): Promise<void>;
  /** Starts connecting in the background. */
  open(): void;
  /** Closes for good; commands in flight are rejected. */
  close(): void;
}

/**
 * A listener that cannot hurt: node-redis drops the rest of a chunk when one throws. Both throws and rejections are logged.
 */
export function guarded<A extends unknown[]>(
  logger: Logger,
  what: string,
  listener: (...args: A) => unknown,
): (...args: A) => void {
  const failed = (error: unknown) => logger.error(`${what}: listener failed`, { error });
  return (...args) => {
    try {
      const result = listener(...args);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

/**
 * One connection to Redis that comes back by itself, however long Redis is stopped or frozen.
 *
 * States: *closed* until {@link open}; *connecting* and *ready* in turn from then on; *closed* for good after {@link close}.
 * While ready it is pinged; an unanswered ping drops the connection, which leads back to connecting. Subscriptions come back
 * with the connection, the messages missed meanwhile do not: use {@link onReady} to read them back. Blocking commands (`XREAD
 * BLOCK`) would hold up the pings: they need a client of their own.
 */
export class RedisLink implements RedisStore {
  readonly isCluster = false;
  readonly client: RedisClient;
  #pingTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #complained = false;

  constructor(private readonly options: RedisOptions) {
    this.client = newClient(options);
    this.client.on(
      "error",
      guarded(options.logger, "redis error", (error: Error) => this.#complain(error)),
    );
    this.onReady(() => {
      this.#complained = false;
      this.options.logger.info("redis connected", { connection: options.name });
    });
  }

  get isReady(): boolean {
    return this.client.isReady;
  }

  get clients(): readonly RedisClient[] {
    return [this.client];
  }

  isReadyFor(_key: string): boolean {
    return this.isReady;
  }

  clientOf(_key: string): RedisClient {
    return this.client;
  }

  serverOf(_key: string): string {
    return "one";
  }

  /** Starts connecting in the background. */
  open(): void {
    this.#connect();
    this.#schedulePing();
  }

  /** Calls back at every (re)connection, when commands can be sent and subscriptions are back. */
  onReady(listener: () => unknown): void {
    this.client.on("ready", guarded(this.options.logger, "redis ready", listener));
  }

  /** Resolves when Redis answers, rejects within a second when it does not. */
  async ping(): Promise<void> {
    await withDeadline(this.client.ping(), PING_DEADLINE_MS, "ping of Redis");
  }

  /** Closes for good; commands in flight are rejected. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#pingTimer);
    this.client.destroy();
  }

  #connect(): void {
    // It rejects only when the client is closed while connecting: everything else is retried.
    this.client.connect().catch((error: unknown) => {
      const { logger, name } = this.options;
      if (!this.#closed) logger.error("redis connection given up", { connection: name, error });
    });
  }

  #schedulePing(): void {
    if (this.#closed) return;
    this.#pingTimer = setTimeout(() => void this.#checkAlive(), PING_INTERVAL_MS);
    this.#pingTimer.unref();
  }

  async #checkAlive(): Promise<void> {
    if (this.client.isReady && !(await this.#answers())) this.#reconnect();
    this.#schedulePing();
  }

  /** Whether a ping is answered. The last turn is for an answer that arrived while this process itself was too busy to read it. */
  async #answers(): Promise<boolean> {
    let answered = false;
    const ping = this.client.ping().then(() => {
      answered = true;
    });
    await withDeadline(ping, PING_DEADLINE_MS, "ping of Redis").catch(() => nextTurn());
    return answered;
  }

  /** Drops a connection that is open but dead. Listeners and subscriptions stay with the client. */
  #reconnect(): void {
    if (this.#closed || !this.client.isReady) return;
    this.#complain(new Error("Redis does not answer"));
    this.client.destroy();
    this.#connect();
  }

  /** One line per outage, not one per attempt. */
  #complain(error: Error): void {
    if (this.#complained || this.#closed) return;
    this.#complained = true;
    this.options.logger.warn("redis disconnected", { connection: this.options.name, reason: error.message });
  }
}

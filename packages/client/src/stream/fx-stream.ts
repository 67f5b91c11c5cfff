import type { ErrorMessage, StatusMessage, SubscribedMessage } from "@fx-ohlc/schemas";
import { ForbiddenError, UnauthorizedError } from "../errors.js";
import { backoffMs, isPassing, type RetryPolicy } from "../retry.js";
import { canonicalName, covers, parseChannel } from "./channel.js";
import type { ChannelName } from "./channel-name.js";
import type { Position } from "./channel-state.js";
import { type Entrance, isRefusal } from "./entrance.js";
import { EventHub } from "./event-hub.js";
import type { EventOf, StreamEvent } from "./events.js";
import type { HistoryReader } from "./history.js";
import { OpenRequests } from "./open-requests.js";
import type { ServerMessage } from "./protocol.js";
import { Resumption } from "./resumption.js";
import { type Ending, endingOf, Socket } from "./socket.js";

export interface StreamOptions {
  /** `ticks:EURUSD`, `ohlc:EURUSD:minute` or any other interval, `status:EURUSD`, or `*` for every symbol. */
  readonly channels: readonly ChannelName[];
  /** Where an earlier stream stopped, from its {@link FxStream.positions}. */
  readonly positions?: Readonly<Record<string, Position>> | undefined;
  /**
   * Ticks and bars that may wait for a `for await` loop, besides those of one more event; 10,000 by default. When it is full
   * the stream is paused: what comes is held back, and past some 10,000 rows read over HTTP when the loop has caught up.
   */
  readonly queueMax?: number | undefined;
  /** How long to wait before connecting again: at most half a second first and 30 s later, for ever. */
  readonly reconnect?: Partial<RetryPolicy> | undefined;
  /** Silence after which the server is taken for dead; 25,000 by default, which is two heartbeats and a half. */
  readonly silenceMaxMs?: number | undefined;
  /** Closes the stream. */
  readonly signal?: AbortSignal | undefined;
}

/** What a stream is made with besides its options. */
export interface StreamParts {
  readonly entrance: Entrance;
  readonly history: HistoryReader;
  readonly random: () => number;
}

/** The server closed the stream in a way that trying again cannot mend. */
export class StreamClosedError extends Error {
  override readonly name = "StreamClosedError";
  readonly code: number;

  constructor({ code, reason }: Ending) {
    super(`the stream was closed: ${code} ${reason}`.trim());
    this.code = code;
  }
}

const QUEUE_MAX_DEFAULT = 10_000;

const SILENCE_MAX_DEFAULT_MS = 25_000;

const RECONNECT_DEFAULT: RetryPolicy = { attemptsMax: Number.POSITIVE_INFINITY, baseMs: 500, capMs: 30_000 };

/** A connection that lasted longer was a good one: the next attempt counts as the first again. */
const GOOD_CONNECTION_MS = 10_000;

/** What the server says of a channel that the token does not cover. */
const FORBIDDEN = "forbidden";
/** The token has ended. */
const UNAUTHORIZED = 4001;
/** A message that is none of this protocol's: the same one would be refused again. */
const BAD_MESSAGE = 4400;

function retryMsOf({ reason, retryMs }: Ending): number {
  return retryMs ?? Number(/retry_ms\D{0,4}(\d{1,6})/.exec(reason)?.[1] ?? 0);
}

/**
 * Ticks and bars as they happen, over one WebSocket that is opened again whenever it breaks.
 *
 * The states are those of {@link EventOf}<"status">. `connecting` ends in `live` with the server's answer to the
 * subscription, and `live` in `paused` while a reader's queue is full; from all of them a lost connection leads to `waiting`,
 * and that back to `connecting`. Every state leads to `closed`, by {@link close}, by leaving the loop, or by a refusal that is
 * final: of a token that cannot be renewed, of a scope it lacks, of a message. A channel that it does not cover is an `error`
 * event of the code `forbidden`, and the others go on. What becomes of each channel meanwhile is told at {@link Resumption}.
 */
export class FxStream implements AsyncIterable<StreamEvent> {
  readonly #parts: StreamParts;
  readonly #queueMax: number;
  readonly #silenceMaxMs: number;
  readonly #reconnect: RetryPolicy;
  readonly #channels: Set<string>;
  readonly #resumption: Resumption;
  readonly #hub = new EventHub();
  readonly #closed = new AbortController();
  #status: EventOf<"status">["status"] | "idle" = "idle";
  #socket: Socket | undefined;
  /** The socket is open, and its first request, for every channel of then, has been sent. */
  #isOpen = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #liveSinceMs: number | undefined;
  readonly #requests = new OpenRequests();

  constructor(parts: StreamParts, options: StreamOptions) {
    this.#parts = parts;
    this.#queueMax = options.queueMax ?? QUEUE_MAX_DEFAULT;
    this.#silenceMaxMs = options.silenceMaxMs ?? SILENCE_MAX_DEFAULT_MS;
    this.#reconnect = { ...RECONNECT_DEFAULT, ...options.reconnect };
    this.#channels = new Set(options.channels.map(canonicalName));
    this.#resumption = new Resumption(parts.history, options.positions ?? {}, {
      emit: (event) => this.#emit(event),
      takesMore: () => !this.#isClosed() && !this.#hub.isFull,
      follows: (name) => [...this.#channels].some((channel) => covers(channel, name)),
    });
    if (options.signal?.aborted) this.#finish();
    // A signal may outlive many streams: it must not keep those that are closed.
    options.signal?.addEventListener("abort", () => this.close(), { once: true, signal: this.#closed.signal });
  }

  /**
   * How far the reader has come in each channel, to save and to go on from in another stream. What waits for a loop is missing
   * there, and will be read over HTTP.
   */
  get positions(): Readonly<Record<string, Position>> {
    return this.#resumption.positions(this.#hub.unread);
  }

  /**
   * Calls `listener` for each event of a type, from now on. The stream connects when the first listener is there.
   *
   * @returns a function that ends it
   */
  on<Type extends StreamEvent["type"]>(type: Type, listener: (event: EventOf<Type>) => void): () => void {
    const off = this.#hub.on(type, listener);
    this.#start();
    return off;
  }

  /** Every event in order, for one `for await` loop. Leaving the loop closes the stream. */
  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, void, undefined> {
    const events = this.#hub.read(
      this.#queueMax,
      () => this.#onDrained(),
      () => this.close(),
    );
    this.#start();
    return events;
  }

  /** Follows more channels. */
  subscribe(...channels: ChannelName[]): void {
    const names = channels.map(canonicalName);
    for (const name of names) this.#channels.add(name);
    if (this.#isOpen) this.#requestChannels(names);
  }

  /** Stops following channels, and forgets their positions. */
  unsubscribe(...channels: ChannelName[]): void {
    const names = channels.map(canonicalName);
    for (const name of names) this.#channels.delete(name);
    this.#resumption.forgetUnfollowed();
    if (this.#isOpen) this.#socket?.send({ op: "unsubscribe", id: this.#requests.nextId(), channels: names });
  }

  /** Ends the stream, and the loop that reads it. */
  close(): void {
    this.#finish();
  }

  #start(): void {
    if (this.#status !== "idle") return;
    this.#status = "connecting";
    // Whoever adds several listeners one after the other hears the first event with all of them.
    queueMicrotask(() => this.#connect());
  }

  #connect(): void {
    if (this.#isClosed()) return;
    this.#setStatus("connecting");
    // A listener may have had enough.
    if (this.#isClosed()) return;
    void this.#open();
  }

  async #open(): Promise<void> {
    try {
      const socket = await this.#parts.entrance.open(this.#closed.signal);
      this.#socket = new Socket(socket, this.#silenceMaxMs, {
        onOpen: () => this.#onOpen(),
        onMessage: (message) => this.#onMessage(message),
        onEnd: (ending) => void this.#onEnd(ending),
      });
      // Closed while the ticket was bought.
      if (this.#isClosed()) this.#socket.close();
    } catch (error) {
      if (isPassing(error)) this.#lose(endingOf(error));
      else this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onOpen(): void {
    this.#isOpen = true;
    this.#requestChannels([...this.#channels]);
  }

  #requestChannels(channels: readonly string[]): void {
    const since = this.#resumption.since(channels);
    this.#socket?.send({ op: "subscribe", id: this.#requests.open(channels), channels, since });
  }

  #onMessage(message: ServerMessage): void {
    if (message.type === "error" && message.code === FORBIDDEN) this.#onForbidden(message);
    else if (message.type === "subscribed") this.#onSubscribed(message);
    else if (message.type === "status") this.#onFeedStatus(message);
    else this.#resumption.onMessage(message);
  }

  /** In other words than the wire's: `status` is what the connection does. */
  #onFeedStatus({ channel, state, since }: StatusMessage): void {
    const symbol = parseChannel(channel)?.symbol ?? "";
    this.#emit({ type: "feed-status", channel, symbol, state, since });
  }

  /** A channel that the token does not cover is left out from now on; the stream ends when that was the last one. */
  #onForbidden(message: ErrorMessage): void {
    const parts = this.#requests.refused(message.id);
    if (parts.length > 1) {
      for (const channels of parts) this.#requestChannels(channels);
      return;
    }
    for (const channel of parts.flat()) this.#channels.delete(channel);
    this.#resumption.forgetUnfollowed();
    this.#emit(message);
    const { message: detail } = message;
    if (this.#channels.size === 0)
      this.#finish(new ForbiddenError({ type: "about:blank", title: "Forbidden", status: 403, detail }));
  }

  #onSubscribed(message: SubscribedMessage): void {
    this.#requests.answered(message.id);
    this.#liveSinceMs ??= performance.now();
    if (this.#status === "connecting") this.#setStatus("live");
    if (!this.#isClosed()) this.#resumption.onSubscribed(message.channels);
  }

  #emit(event: StreamEvent): void {
    this.#hub.emit(event);
    if (!this.#hub.isFull || this.#status !== "live") return;
    this.#setStatus("paused", { reason: `${this.#queueMax} ticks and bars wait for the reader` });
  }

  #setStatus(status: EventOf<"status">["status"], about: Omit<EventOf<"status">, "type" | "status"> = {}): void {
    this.#status = status;
    this.#emit({ type: "status", status, ...about });
  }

  #isClosed(): boolean {
    return this.#status === "closed";
  }

  async #onEnd(ending: Ending): Promise<void> {
    const { code, error } = ending;
    const hasOpened = this.#isOpen;
    if (code === UNAUTHORIZED || error instanceof UnauthorizedError) await this.#renew(ending);
    else if (code === BAD_MESSAGE || isRefusal(error)) this.#finish(error ?? new StreamClosedError(ending));
    else {
      this.#lose(ending);
      if (!hasOpened) await this.#askWhy();
    }
  }

  /** The token was refused: the stream goes on with another one, if there is one. */
  async #renew(ending: Ending): Promise<void> {
    this.#disconnect();
    try {
      if (await this.#parts.entrance.renew()) this.#lose(ending);
      else this.#finish(ending.error ?? new StreamClosedError(ending));
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A connection that did not open may never do so: while the next attempt is waited for, that is found out. */
  async #askWhy(): Promise<void> {
    const refusal = await this.#parts.entrance.refusal(this.#closed.signal);
    if (refusal !== undefined) this.#finish(refusal);
  }

  /** Drops the connection, if it is not gone yet, and plans the next one. */
  #lose(ending: Ending): void {
    if (this.#isClosed()) return;
    this.#disconnect();
    this.#attempt += 1;
    if (this.#attempt >= this.#reconnect.attemptsMax) {
      this.#finish(ending.error ?? new StreamClosedError(ending));
      return;
    }
    const { code, reason, error } = ending;
    const retryMs = retryMsOf(ending) + backoffMs(this.#attempt, this.#reconnect, this.#parts.random);
    this.#timer = setTimeout(() => this.#connect(), retryMs);
    this.#setStatus("waiting", { reason: error?.message ?? `${code} ${reason}`.trim(), retryMs });
  }

  #onDrained(): void {
    if (this.#status === "paused") this.#setStatus("live");
    void this.#resumption.catchUp();
  }

  #disconnect(): void {
    if (this.#liveSinceMs !== undefined && performance.now() - this.#liveSinceMs >= GOOD_CONNECTION_MS)
      this.#attempt = 0;
    this.#liveSinceMs = undefined;
    this.#isOpen = false;
    this.#requests.forget();
    this.#resumption.onLost();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #finish(error?: Error): void {
    if (this.#isClosed()) return;
    clearTimeout(this.#timer);
    this.#closed.abort();
    this.#disconnect();
    this.#setStatus("closed", error === undefined ? {} : { reason: error.message, error });
    this.#hub.end(error);
  }
}

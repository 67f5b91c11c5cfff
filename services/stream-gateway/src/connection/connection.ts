import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Caller } from "@fx-ohlc/service-kit";
import type { RawData } from "ws";
import type { ClientSocket } from "./client-socket.js";
import { CLOSE, offsetsReason } from "./close-code.js";
import { instantOfPong, Sender, type SenderOptions } from "./sender.js";
import { Staleness } from "./staleness.js";
import { TokenBucket } from "./token-bucket.js";

/** What one client may cost. */
export interface ConnectionLimits {
  /** A client that has more queued than this is closed. */
  readonly queueBytesMax: number;
  /** A client that reads this late is lagging. */
  readonly lagAfterMs: number;
  /** One that reads this late is stuck, and closed. A peer that is gone looks the same. */
  readonly stuckAfterMs: number;
  /** Messages, pings and pongs a client may send in the long run. */
  readonly messagesPerSecondMax: number;
}

/** What a connection is used for. */
export interface ConnectionUse {
  /** A message, which came as text or in a binary frame. */
  onText(text: string): void;
  /** The client lags. Called again at every pulse while it does. */
  onLagging(): void;
  /** The client has read everything it was sent before the newest ping, `afterMs` after that ping. */
  onRead(afterMs: number): void;
  onClosed(): void;
  /** Where the client's ticks channels can be resumed. */
  offsets(): Iterable<readonly [channel: string, offset: string]>;
}

/** A client that is sent nothing is asked this often whether it is still there. */
const IDLE_PING_MS = 15_000;
/** What a client may send at once: a program that subscribes one by one to all channels that it may follow. */
export const MESSAGES_BURST = 1_000;
/** Conflation has so long to bring a client below its token's limit. */
const OVER_LIMIT_MAX_MS = 10_000;
/** What is queued beyond this is a sign of lagging, however young it is: eight times what one flush can hold. */
const LAG_QUEUE_BYTES = 4 * 1024 * 1024;

/**
 * One client's WebSocket, or what stands in for one: counts what it sends, measures how far behind it reads, and closes it when it is
 * stuck, sends too much or lets too much pile up.
 */
export class Connection {
  readonly sender: Sender;
  readonly caller: Caller;
  /** Of its caller: whose share of what all follow it counts towards. */
  readonly address: string;
  readonly requestId: string;
  readonly #staleness = new Staleness();
  readonly #bucket: TokenBucket;
  #isLagChecked = false;
  #use: ConnectionUse | undefined;
  #pingedMs: number;
  /** Since when its token has had more than it may; undefined: it has not. */
  #overSinceMs: number | undefined;

  constructor(
    private readonly ws: ClientSocket,
    socket: Duplex,
    private readonly options: Omit<SenderOptions, "onQueued"> & {
      readonly limits: ConnectionLimits;
      readonly address: string;
      /** Of the request that it came with. */
      readonly requestId: string;
    },
    nowMs: number,
  ) {
    const onQueued = (queuedBytes: number) => this.#checkQueue(queuedBytes);
    this.caller = options.caller;
    this.address = options.address;
    this.requestId = options.requestId;
    this.sender = new Sender(ws, socket, { ...options, onQueued });
    this.#bucket = new TokenBucket(options.limits.messagesPerSecondMax, MESSAGES_BURST, nowMs);
    this.#pingedMs = nowMs;
  }

  /** Begins to serve the client. */
  open(use: ConnectionUse): void {
    this.#use = use;
    this.ws.on("message", (data, isBinary) => this.#received(data, isBinary));
    this.ws.on("ping", () => this.#spend());
    this.ws.on("pong", (payload) => this.#answered(payload));
    this.ws.on("close", () => use.onClosed());
    // A protocol error: `ws` closes the connection with its code by itself.
    this.ws.on("error", () => undefined);
  }

  /** Looks after the client; to be called a few times a second, after what it sent was read. */
  pulse(nowMs: number): void {
    const { lagAfterMs, stuckAfterMs } = this.options.limits;
    if (!this.sender.isOpen) return;
    if (this.caller.isEnded) {
      this.sender.close(CLOSE.unauthorized, "the token has expired, was revoked or has other rights now");
      return;
    }
    if (this.#isOverLimit(nowMs)) return;
    const ageMs = this.#staleness.ageMs(nowMs);
    if (ageMs > stuckAfterMs) this.closeSlow();
    else if (ageMs > lagAfterMs) this.#use?.onLagging();
    else if (this.sender.isUnpinged || nowMs - this.#pingedMs >= IDLE_PING_MS) this.ping(nowMs);
  }

  /** A client that is delivered more than its token may have lags, and is closed when that does not help. */
  #isOverLimit(nowMs: number): boolean {
    const wasOver = this.#overSinceMs !== undefined;
    if (this.caller.quota?.isOver("delivered_per_second") !== true) {
      this.#overSinceMs = undefined;
      // Its answer ends the lagging.
      if (wasOver) this.ping(nowMs);
      return wasOver;
    }
    this.#overSinceMs ??= nowMs;
    this.#use?.onLagging();
    if (nowMs - this.#overSinceMs > OVER_LIMIT_MAX_MS) this.sender.close(CLOSE.limitExceeded, "delivered_per_second");
    return true;
  }

  /** Asks the client how far it has read. */
  ping(nowMs: number): void {
    this.sender.ping(nowMs);
    this.#staleness.sent(nowMs);
    this.#pingedMs = nowMs;
  }

  /** Gives the client up: it reads too slowly. */
  closeSlow(): void {
    this.options.counters.slowConsumers += 1;
    this.sender.close(CLOSE.slowConsumer, offsetsReason(this.#use?.offsets() ?? []));
  }

  /** Something was sent and waits here. It was sent from the middle of a flush, so lagging begins after it. */
  #checkQueue(queuedBytes: number): void {
    if (queuedBytes > this.options.limits.queueBytesMax) {
      this.closeSlow();
    } else if (queuedBytes > LAG_QUEUE_BYTES && !this.#isLagChecked) {
      this.#isLagChecked = true;
      queueMicrotask(() => {
        this.#isLagChecked = false;
        this.#use?.onLagging();
      });
    }
  }

  #received(data: RawData, isBinary: boolean): void {
    if (!this.#spend()) return;
    const bytes = data as Buffer; // A message comes as one: binaryType is left at "nodebuffer".
    // Of text frames `ws` has seen to it.
    if (isBinary && !isUtf8(bytes)) this.sender.close(CLOSE.invalidData, "messages are UTF-8");
    else this.#use?.onText(bytes.toString());
  }

  #answered(payload: Buffer): void {
    if (!this.#spend()) return;
    this.#staleness.answered(instantOfPong(payload));
    if (!this.#staleness.isWaiting && this.#overSinceMs === undefined)
      this.#use?.onRead(performance.now() - this.#pingedMs);
  }

  /** Everything a client sends costs a token. */
  #spend(): boolean {
    if (!this.sender.isOpen) return false;
    if (this.#bucket.take(performance.now())) return true;
    this.sender.close(CLOSE.limitExceeded, "too many messages");
    return false;
  }
}

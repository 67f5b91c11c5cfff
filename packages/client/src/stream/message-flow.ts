import { parseChannel } from "./channel.js";
import type { StreamEvent } from "./events.js";
import type { HistoryReader, Range } from "./history.js";
import type { Positions } from "./positions.js";
import {
  type ChannelMessage,
  type GapMessage,
  type HeartbeatMessage,
  isChannelMessage,
  type ServerMessage,
  type SubscribedChannel,
} from "./protocol.js";
import { Reloader } from "./reloader.js";

/**
 * Ticks may be committed in another order than that of their times: a reload begins this long before the last one. Ticks
 * of longer ago that were stored meanwhile are not found this way; reading all of history again would be no answer.
 */
const RELOAD_MARGIN_MS = 60_000;

/** Old ticks of a longer time are an import: reading them again would hold up what is live. */
const LATE_RELOAD_MAX_MS = 3_600_000;

/** Whether a gap is one of old ticks that somebody imports; its reader is told, and reads them if it wants them. */
function isHistory({ late, from, to }: GapMessage): boolean {
  return late === true && Date.parse(to) - Date.parse(from) > LATE_RELOAD_MAX_MS;
}

/** With the digits of a tick's time, with which it is compared. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

function timeBefore(time: string, ms: number): string {
  return new Date(Date.parse(time) - ms).toISOString();
}

/** What becomes of messages. */
export interface FlowTarget {
  emit(event: StreamEvent): void;
  /** More came in while history was read than can be held back. */
  onOverflow(): void;
}

/**
 * The way of messages to the reader, over one connection after the other: it keeps the positions, sees what a connection
 * could not give, and has that read over HTTP before what is newer is handed out.
 */
export class MessageFlow {
  readonly #positions: Positions;
  readonly #target: FlowTarget;
  readonly #reloader: Reloader;
  #isConnected = false;
  /** When the stream was lost; undefined once the server has said again where every symbol stands. */
  #lostAt: string | undefined;
  /** The server's clock minus `performance.now()`, since the first heartbeat: this machine's may be hours ahead. */
  #serverAheadMs: number | undefined;

  constructor(history: HistoryReader, positions: Positions, target: FlowTarget) {
    this.#positions = positions;
    this.#target = target;
    this.#reloader = new Reloader(history, {
      onReloaded: (event) => target.emit(event),
      onFailed: (channel, range, error) => this.#onFailed(channel, range, error),
      deliver: (message) => this.#deliver(message),
      onOverflow: () => target.onOverflow(),
    });
  }

  /** The server has taken the subscription. */
  onSubscribed(channels: readonly SubscribedChannel[]): void {
    this.#isConnected = true;
    const recovered = new Set(channels.filter((entry) => entry.recovered === true).map(({ channel }) => channel));
    for (const entry of channels) {
      for (const name of this.#positions.coveredBy(entry.channel)) {
        if (!recovered.has(name) && !recovered.has(entry.channel)) this.#reload(name);
      }
      this.#begin(entry);
    }
  }

  onMessage(message: ServerMessage): void {
    if (message.type === "heartbeat") this.#onHeartbeat(message);
    else if (message.type === "error") this.#target.emit(message);
    else if (isChannelMessage(message)) this.#deliver(message);
  }

  /** The connection is gone: what it said last and was not handed out comes again with the next one. */
  onLost(): void {
    if (this.#isConnected) this.#lostAt ??= this.#timeNow();
    this.#isConnected = false;
    this.#reloader.abort();
  }

  /** A `ticks:` channel that has no position yet begins where the server says it is. */
  #begin({ channel, offset }: SubscribedChannel): void {
    const parsed = parseChannel(channel);
    const isNew = parsed?.kind === "ticks" && parsed.symbol !== "*" && this.#positions.get(channel) === undefined;
    if (offset !== undefined && isNew) this.#positions.set(channel, { offset, time: this.#timeNow() });
  }

  /** Followers of every symbol are told where each one stands, at once and every 10 s: how a new symbol is met. */
  #onHeartbeat({ offsets, time }: HeartbeatMessage): void {
    for (const [channel, offset] of Object.entries(offsets)) {
      if (this.#positions.get(channel) !== undefined) continue;
      this.#reloadNew(channel);
      this.#positions.set(channel, { offset, time });
    }
    this.#positions.capAt(time);
    this.#serverAheadMs = Date.parse(time) - performance.now();
    this.#lostAt = undefined;
  }

  #timeNow(): string {
    return timeOf(this.#serverAheadMs === undefined ? Date.now() : performance.now() + this.#serverAheadMs);
  }

  /** A symbol that is met for the first time after an outage may have begun within it. */
  #reloadNew(channel: string): void {
    if (this.#lostAt === undefined) return;
    this.#reloader.reload(channel, { from: timeBefore(this.#lostAt, RELOAD_MARGIN_MS) });
  }

  #reload(name: string): void {
    const { time, bucket } = this.#positions.get(name) ?? {};
    if (time !== undefined) this.#reloader.reload(name, { from: timeBefore(time, RELOAD_MARGIN_MS) });
    else if (bucket !== undefined) this.#reloader.reload(name, { from: bucket });
  }

  #onFailed(channel: string, { from, to = this.#timeNow() }: Range, error: Error): void {
    this.#target.emit({ type: "gap", channel, from, to, reason: error.message });
  }

  /** Hands a message out, unless its channel is being read over HTTP; a gap is read first. */
  #deliver(message: ChannelMessage): void {
    if (!this.#isConnected) return;
    const isFirst = message.type === "ticks" && this.#positions.get(message.channel) === undefined;
    if (isFirst) this.#reloadNew(message.channel);
    if (this.#reloader.holds(message)) return;
    this.#positions.note(message);
    if (message.type === "gap" && !isHistory(message)) this.#reloader.reload(message.channel, message);
    else this.#target.emit(message);
  }
}

import { parseChannel } from "./channel.js";
import type { ReloadedBarsEvent, ReloadedTicksEvent } from "./events.js";
import { type HistoryReader, type Range, readHistory } from "./history.js";
import type { ChannelMessage, TicksMessage } from "./protocol.js";

/** Where reloaded rows and the messages held back for them go. */
export interface ReloadTarget {
  onReloaded(event: ReloadedTicksEvent | ReloadedBarsEvent): void;
  /** A range could not be read; what was held back for it follows. */
  onFailed(channel: string, range: Range, error: Error): void;
  deliver(message: ChannelMessage): void;
  /** More is held back than fits: the connection should be given up and the reload begun anew. */
  onOverflow(): void;
}

/** Messages held back in all: some seconds of a busy market, and a few megabytes. */
const HELD_MAX = 10_000;

/**
 * Fills what the stream could not give, channel by channel, one at a time.
 *
 * While a channel is read over HTTP its live messages are held back, so that the reader gets the old before the new. Ticks
 * that the reading found already are taken out of them.
 */
export class Reloader {
  readonly #reader: HistoryReader;
  readonly #target: ReloadTarget;
  readonly #held = new Map<string, ChannelMessage[]>();
  #heldCount = 0;
  #aborter = new AbortController();
  #queue: Promise<void> = Promise.resolve();

  constructor(reader: HistoryReader, target: ReloadTarget) {
    this.#reader = reader;
    this.#target = target;
  }

  /** Holds a message back if its channel is being read. */
  holds(message: ChannelMessage): boolean {
    const held = this.#held.get(message.channel);
    if (held === undefined) return false;
    held.push(message);
    this.#heldCount += 1;
    if (this.#heldCount > HELD_MAX) this.#target.onOverflow();
    return true;
  }

  /** Begins to hold back a channel's messages, and reads its range when those before it are done. */
  reload(name: string, range: Range): void {
    if (this.#held.has(name)) return;
    this.#held.set(name, []);
    const { signal } = this.#aborter;
    this.#queue = this.#queue.then(() => this.#read(name, range, signal));
  }

  /** Forgets what is under way: the connection it belonged to is gone. */
  abort(): void {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    this.#held.clear();
    this.#heldCount = 0;
  }

  async #read(name: string, range: Range, signal: AbortSignal): Promise<void> {
    const channel = parseChannel(name);
    if (signal.aborted || channel === undefined) return;
    let last: ReloadedTicksEvent | undefined;
    let failure: Error | undefined;
    try {
      for await (const event of readHistory(this.#reader, name, channel, range, signal)) {
        if (signal.aborted) return;
        this.#target.onReloaded(event);
        if (event.type === "reloaded-ticks") last = event;
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    if (signal.aborted) return;
    if (failure !== undefined) this.#target.onFailed(name, range, failure);
    this.#release(name, last);
  }

  /** A held message may begin another reload, which then holds back those behind it. */
  #release(name: string, last: ReloadedTicksEvent | undefined): void {
    const held = this.#held.get(name) ?? [];
    this.#held.delete(name);
    this.#heldCount -= held.length;
    const known = new Set(last?.ticks.map(({ time, seq }) => `${time}/${seq}`));
    for (const message of held) this.#target.deliver(message.type === "ticks" ? without(message, known) : message);
  }
}

function without(message: TicksMessage, known: ReadonlySet<string>): TicksMessage {
  return { ...message, ticks: message.ticks.filter(({ time, seq }) => !known.has(`${time}/${seq}`)) };
}

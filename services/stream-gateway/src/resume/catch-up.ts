import { setTimeout as delay } from "node:timers/promises";
import { type Offset, type TimeRange, ticksChannel } from "@fx-ohlc/schemas";
import { CLOSE } from "../connection/close-code.js";
import type { Sender } from "../connection/sender.js";
import { GapItem } from "../fanout/gap-item.js";
import type { Subscriber } from "../fanout/item.js";
import { isPlaced, type StreamItem } from "../fanout/stream-item.js";
import { itemOf } from "../feed/tick-stream.js";
import type { Positions } from "./positions.js";
import type { RetryingReader } from "./retrying-reader.js";

/** One symbol's ticks to be sent again: from the message after `after` on. */
export interface Replay {
  readonly symbol: string;
  readonly after: Offset;
  /** Where the stream stood when it was counted what follows. */
  readonly until: Offset;
  /** Messages after `after` up to there that clients are sent: not every one concerns them. */
  readonly count: number;
  /** Where those ticks lie, should they be gone before they are sent. */
  readonly missed: TimeRange;
}

/** What catching up needs of the gateway. */
export interface CatchUpContext {
  readonly reader: RetryingReader;
  readonly positions: Positions;
}

/** Live messages one symbol may hold back meanwhile; more are read from the stream instead. */
const HELD_MAX = 1000;
/** A page goes out when the client has taken the last one but for this much. */
const QUEUED_BYTES_MAX = 256 * 1024;
/** How often a wait is looked at again. */
const POLL_MS = 10;
/** This gateway may be behind the one the client comes from, by the time Redis takes; one that stays behind has lost Redis. */
const BEHIND_MAX_MS = 10_000;
/** Where the client goes when this gateway stays behind: to another one, soon. */
const TRY_ANOTHER = JSON.stringify({ retry_ms: 500 });

/** One symbol's replay: what the client has, and what happened live since. */
class SymbolReplay {
  readonly channel: string;
  position: Offset;
  /** The sequence the replay has to reach before the held items continue it. */
  target: number;
  held: StreamItem[] = [];
  readonly sinceMs = performance.now();

  constructor(
    readonly symbol: string,
    after: Offset,
    readonly missed: TimeRange,
    live: Offset | undefined,
  ) {
    this.channel = ticksChannel(symbol);
    this.position = after;
    this.target = live !== undefined && live.epoch === after.epoch ? live.sequence : after.sequence;
  }

  /** What comes before something the client has is older still, and so is a gap before it. */
  hold(item: StreamItem): void {
    if (this.isKnown(item)) this.held = [];
    else if (this.held.length >= HELD_MAX && isPlaced(item) && item.place.epoch === this.position.epoch) {
      this.held = [];
      this.target = item.place.sequence;
    } else {
      this.held.push(item);
    }
  }

  /** What was held and the client has not been sent meanwhile. */
  takeHeld(): StreamItem[] {
    const lastKnown = this.held.findLastIndex((item) => this.isKnown(item));
    return this.held.splice(0).slice(lastKnown + 1);
  }

  /** Whether the client has an item already. */
  isKnown(item: StreamItem): boolean {
    return isPlaced(item) && item.place.epoch === this.position.epoch && item.place.sequence <= this.position.sequence;
  }
}

/**
 * Sends a client what it missed, while what happens meanwhile is held back behind it. Each replayed symbol is read from its
 * stream page by page, as fast as the client reads, up to where the live messages began; then those follow, without those the
 * client has. Channels that are not replayed go on live.
 */
export class CatchUp implements Subscriber<StreamItem> {
  readonly #replaying = new Map<string, SymbolReplay>();

  /** To be made in the same turn in which the client begins to take live items. */
  constructor(
    private readonly sender: Sender,
    private readonly context: CatchUpContext,
    replays: readonly Replay[],
  ) {
    for (const { symbol, after, missed } of replays) {
      const replaying = new SymbolReplay(symbol, after, missed, context.positions.position(symbol));
      this.#replaying.set(replaying.channel, replaying);
    }
  }

  take(item: StreamItem): void {
    const replaying = this.#replaying.get(item.channel);
    if (replaying === undefined) this.#send(item);
    else replaying.hold(item);
  }

  /** The last place the client was sent of a channel that is being replayed. */
  resumeAt(channel: string): Offset | undefined {
    return this.#replaying.get(channel)?.position;
  }

  /** Resolves when the client has been sent everything, or is gone. */
  async run(): Promise<void> {
    for (const replaying of this.#replaying.values()) {
      // While it is waited for, so much may come that it has to be read after all.
      do {
        await this.#replay(replaying);
        await this.#untilReached(replaying);
      } while (this.sender.isOpen && replaying.position.sequence < replaying.target);
      for (const item of replaying.takeHeld()) this.#send(item);
      this.#replaying.delete(replaying.channel);
    }
  }

  async #replay(replaying: SymbolReplay): Promise<void> {
    while (this.sender.isOpen && replaying.position.sequence < replaying.target) {
      const isRead = await this.#replayPage(replaying);
      if (!isRead) {
        replaying.target = replaying.position.sequence;
        const { fromUs, toUs } = replaying.missed;
        // Ticks were published while it was replayed, too.
        const range = {
          fromUs,
          toUs: toUs + Math.ceil((performance.now() - replaying.sinceMs) * 1000),
          reason: "trimmed",
        } as const;
        this.#send(new GapItem({ kind: "ticks", symbol: replaying.symbol }, range));
        return;
      }
      while (this.sender.isOpen && this.sender.queuedBytes > QUEUED_BYTES_MAX) await delay(POLL_MS);
    }
  }

  /** Sends one page; false when the stream no longer continues what the client has. */
  async #replayPage(replaying: SymbolReplay): Promise<boolean> {
    const { symbol, position } = replaying;
    const isWanted = () => this.sender.isOpen;
    const { entries } = (await this.context.reader.read(symbol, position.sequence + 1, isWanted)) ?? { entries: [] };
    if (entries.length === 0) return false;
    for (const entry of entries) {
      const isNext = entry.offset.epoch === position.epoch && entry.offset.sequence === replaying.position.sequence + 1;
      if (!isNext) return false;
      if (entry.offset.sequence > replaying.target) return true;
      const item = itemOf(symbol, entry);
      if (item !== undefined) this.#send(item);
      replaying.position = entry.offset;
    }
    return true;
  }

  /**
   * The client may have more than this gateway, be it of the same epoch or of one that this gateway has yet to hear of: live
   * items the client has must be dropped here, not sent. It was on the stream, so this gateway reaches it as soon as it reads.
   */
  async #untilReached({ symbol, position }: SymbolReplay): Promise<void> {
    const { positions } = this.context;
    const epochBefore = positions.position(symbol)?.epoch;
    const isBehind = () => {
      const live = positions.position(symbol);
      if (live?.epoch === position.epoch) return live.sequence < position.sequence;
      return position.sequence > 0 && (live === undefined || live.epoch === epochBefore);
    };
    const deadlineMs = performance.now() + BEHIND_MAX_MS;
    while (this.sender.isOpen && isBehind()) {
      if (performance.now() > deadlineMs) this.sender.close(CLOSE.goingAway, TRY_ANOTHER);
      await delay(POLL_MS);
    }
  }

  #send(item: StreamItem): void {
    this.sender.sendPackets([item.packet("multiplex")]);
  }
}

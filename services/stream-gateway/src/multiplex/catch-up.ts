import { setTimeout as delay } from "node:timers/promises";
import type { Offset } from "@fx-ohlc/schemas";
import type { Outlet } from "../connection/outlet.js";
import type { Subscriber } from "../fanout/item.js";
import { ticksChannel } from "../messages/channel.js";
import { GapItem, type GapRange } from "../messages/gap-item.js";
import type { StreamItem } from "../messages/stream-item.js";
import type { Positions } from "../stream/positions.js";
import { itemOf } from "../stream/tick-stream.js";
import type { PatientReader } from "./patient-reader.js";

/** One symbol's ticks to be sent again: from the message after `after` on. */
export interface Replay {
  readonly symbol: string;
  readonly after: Offset;
}

/** What catching up needs of the gateway. */
export interface CatchUpContext {
  readonly reader: PatientReader;
  readonly positions: Positions;
  /** Where ticks lie that could not be replayed. */
  gapRange(symbol: string): Omit<GapRange, "reason">;
}

/** Live messages one symbol may hold back meanwhile; more are read from the stream instead. */
const HELD_MAX = 1000;
/** A page goes out when the client has taken the last one but for this much. */
const QUEUED_BYTES_MAX = 256 * 1024;
/** How often a wait is looked at again. */
const POLL_MS = 10;
/** This gateway may be behind the one the client comes from, by the time Redis takes; one that stays behind is not waited for. */
const BEHIND_MAX_MS = 5000;

/** One symbol's replay: what the client has, and what happened live since. */
class Lane {
  readonly channel: string;
  position: Offset;
  /** The sequence the replay has to reach before the held items continue it. */
  target: number;
  held: StreamItem[] = [];

  constructor(
    readonly symbol: string,
    after: Offset,
    live: Offset | undefined,
  ) {
    this.channel = ticksChannel(symbol);
    this.position = after;
    this.target = live !== undefined && live.epoch === after.epoch ? live.sequence : after.sequence;
  }

  hold(item: StreamItem): void {
    if (this.held.length >= HELD_MAX && item.kind === "ticks" && item.place.epoch === this.position.epoch) {
      this.held = [];
      this.target = item.place.sequence;
    } else {
      this.held.push(item);
    }
  }

  /** Whether the client has a held item already. */
  isKnown(item: StreamItem): boolean {
    return (
      item.kind === "ticks" && item.place.epoch === this.position.epoch && item.place.sequence <= this.position.sequence
    );
  }
}

/**
 * Sends a client what it missed, while what happens meanwhile is held back behind it. Each replayed symbol is read from its
 * stream page by page, as fast as the client reads, up to where the live messages began; then those follow, without those the
 * client has. Channels that are not replayed go on live.
 */
export class CatchUp implements Subscriber<StreamItem> {
  readonly #lanes = new Map<string, Lane>();

  /** To be made in the same turn in which the client begins to take live items. */
  constructor(
    private readonly outlet: Outlet,
    private readonly context: CatchUpContext,
    replays: readonly Replay[],
  ) {
    for (const { symbol, after } of replays) {
      const lane = new Lane(symbol, after, context.positions.position(symbol));
      this.#lanes.set(lane.channel, lane);
    }
  }

  take(item: StreamItem): void {
    const lane = this.#lanes.get(item.channel);
    if (lane === undefined) this.#send(item);
    else lane.hold(item);
  }

  /** The last place the client was sent of a channel that is being replayed. */
  resumeAt(channel: string): Offset | undefined {
    return this.#lanes.get(channel)?.position;
  }

  /** Resolves when the client has been sent everything, or is gone. */
  async run(): Promise<void> {
    for (const lane of this.#lanes.values()) {
      await this.#replay(lane);
      await this.#untilReached(lane);
      for (const item of lane.held) if (!lane.isKnown(item)) this.#send(item);
      this.#lanes.delete(lane.channel);
    }
  }

  async #replay(lane: Lane): Promise<void> {
    while (this.outlet.isOpen && lane.position.sequence < lane.target) {
      const isRead = await this.#replayPage(lane);
      if (!isRead) {
        this.#send(
          new GapItem(
            { kind: "ticks", symbol: lane.symbol },
            { ...this.context.gapRange(lane.symbol), reason: "trimmed" },
          ),
        );
        return;
      }
      while (this.outlet.isOpen && this.outlet.queuedBytes > QUEUED_BYTES_MAX) await delay(POLL_MS);
    }
  }

  /** Sends one page; false when the stream no longer continues what the client has. */
  async #replayPage(lane: Lane): Promise<boolean> {
    const { symbol, position } = lane;
    const isWanted = () => this.outlet.isOpen;
    const { entries } = (await this.context.reader.read(symbol, position.sequence + 1, isWanted)) ?? { entries: [] };
    if (entries.length === 0) return false;
    for (const entry of entries) {
      const isNext = entry.offset.epoch === position.epoch && entry.offset.sequence === lane.position.sequence + 1;
      if (!isNext) return false;
      if (entry.offset.sequence > lane.target) return true;
      const item = itemOf(symbol, entry);
      if (item !== undefined) this.#send(item);
      lane.position = entry.offset;
    }
    return true;
  }

  /** The client may have more than this gateway: live items it has must be dropped here, not sent. */
  async #untilReached(lane: Lane): Promise<void> {
    const deadlineMs = performance.now() + BEHIND_MAX_MS;
    const isBehind = () => {
      const live = this.context.positions.position(lane.symbol);
      return live?.epoch === lane.position.epoch && live.sequence < lane.position.sequence;
    };
    while (this.outlet.isOpen && isBehind() && performance.now() < deadlineMs) await delay(POLL_MS);
  }

  #send(item: StreamItem): void {
    this.outlet.sendPackets([item.packet("multiplex")]);
  }
}

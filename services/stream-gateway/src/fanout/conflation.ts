import { formatTime, type Micros, type Offset, type WireTick } from "@fx-ohlc/schemas";
import type { Counters } from "../counters.js";
import { timeOf } from "../feed/feed-message.js";
import type { Subscriber } from "./item.js";
import { type Packet, packetOf } from "./packet.js";
import type { StreamItem } from "./stream-item.js";
import type { TicksItem } from "./ticks-item.js";

/** Finals, revisions and gaps that may wait for a lagging client: some 300 kB. One that lags behind more of them is stuck. */
const KEPT_MAX = 1000;

/** What a lagging client has not been sent of one ticks channel: the newest tick, and an exact account of the others. */
class TickAccount {
  /** Where a client can go on to get all of it. */
  readonly before: Offset;
  readonly #channel: string;
  #latest: WireTick;
  #offset: string;
  #skipped = 0;
  #fromUs: Micros = Number.POSITIVE_INFINITY;
  #toUs: Micros = Number.NEGATIVE_INFINITY;

  constructor(item: TicksItem, first: WireTick) {
    this.before = { epoch: item.place.epoch, sequence: item.place.sequence - 1 };
    this.#channel = item.channel;
    this.#latest = first;
    this.#offset = item.offset;
  }

  get skipped(): number {
    return this.#skipped;
  }

  /** Takes ticks; the very first one was taken when the account began. */
  add(offset: string, ticks: readonly WireTick[]): void {
    this.#offset = offset;
    for (const tick of ticks) {
      if (isBefore(tick, this.#latest)) {
        this.#skip(tick);
      } else {
        this.#skip(this.#latest);
        this.#latest = tick;
      }
    }
  }

  packets(): Packet[] {
    const ticks = packetOf({ type: "ticks", channel: this.#channel, offset: this.#offset, ticks: [this.#latest] });
    if (this.#skipped === 0) return [ticks];
    const range = { from: formatTime(this.#fromUs), to: formatTime(this.#toUs) };
    return [packetOf({ type: "conflated", channel: this.#channel, skipped: this.#skipped, ...range }), ticks];
  }

  #skip(tick: WireTick): void {
    const timeUs = timeOf(tick);
    this.#skipped += 1;
    this.#fromUs = Math.min(this.#fromUs, timeUs);
    // Half-open, as every range: the first instant after the last tick skipped.
    this.#toUs = Math.max(this.#toUs, timeUs + 1);
  }
}

/** Times of one format compare as text. */
function isBefore(a: WireTick, b: WireTick): boolean {
  return a.time < b.time || (a.time === b.time && a.seq < b.seq);
}

/**
 * What a lagging client of `/ws` has to be told once it reads again: of each ticks channel the newest tick, with count and
 * range of what was skipped; of each bar channel the bar as it is now, and of each status channel the state; every final bar,
 * revision and gap.
 */
export class Conflation implements Subscriber<StreamItem> {
  readonly #ticks = new Map<string, TickAccount>();
  readonly #latest = new Map<string, StreamItem>();
  #kept: StreamItem[] = [];

  /** @param counters of the ticks that clients are told they skipped */
  constructor(private readonly counters: Pick<Counters, "ticksConflated">) {}

  /** More has to be kept than may be. */
  get isOverfull(): boolean {
    return this.#kept.length > KEPT_MAX;
  }

  /** The place before the first message of a channel that is in here; undefined when there is none. */
  resumeAt(channel: string): Offset | undefined {
    return this.#ticks.get(channel)?.before;
  }

  take(item: StreamItem): void {
    if (item.kind === "ticks") this.#account(item);
    else if (item.kind === "status" || (item.kind === "bar" && item.event.kind === "bar"))
      this.#latest.set(item.channel, item);
    else if (this.#kept.length <= KEPT_MAX) this.#kept.push(item);
  }

  /** Everything there is to tell, in the order it has to be told; afterwards there is nothing. */
  settle(): Packet[] {
    const packets = this.#kept.map((item) => item.packet("multiplex"));
    for (const account of this.#ticks.values()) {
      packets.push(...account.packets());
      this.counters.ticksConflated += account.skipped;
    }
    for (const item of this.#latest.values()) packets.push(item.packet("multiplex"));
    this.#kept = [];
    this.#ticks.clear();
    this.#latest.clear();
    return packets;
  }

  #account(item: TicksItem): void {
    const [first, ...rest] = item.ticks;
    const account = this.#ticks.get(item.channel);
    if (account !== undefined) {
      account.add(item.offset, item.ticks);
    } else if (first !== undefined) {
      const begun = new TickAccount(item, first);
      begun.add(item.offset, rest);
      this.#ticks.set(item.channel, begun);
    }
  }
}

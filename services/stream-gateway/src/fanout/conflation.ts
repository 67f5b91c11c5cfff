import { formatTime, type Micros, type Offset, type WireTick } from "@fx-ohlc/schemas";
import type { Counters } from "../counters.js";
import { timeOf } from "../feed/feed-message.js";
import type { CorrectedItem } from "./corrected-item.js";
import type { Subscriber } from "./item.js";
import { type Packet, packetOf } from "./packet.js";
import { isPlaced, type StreamItem } from "./stream-item.js";
import type { TicksItem } from "./ticks-item.js";

/** Finals, revisions, corrections and gaps that may wait for a lagging client: some 300 kB. One that lags behind more of them is stuck. */
const KEPT_MAX = 1000;
/** Ticks of a correction that take as much as one of the others. */
const TICKS_PER_KEPT = 10;

/** What a lagging client has not been sent of one ticks channel: the newest tick, and an exact account of the others. */
class TickAccount {
  readonly #channel: string;
  #latest: WireTick;
  #offset: string;
  #skipped = 0;
  #fromUs: Micros = Number.POSITIVE_INFINITY;
  #toUs: Micros = Number.NEGATIVE_INFINITY;

  constructor(item: TicksItem, first: WireTick) {
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
 * revision, correction and gap. Ticks are told before what corrects them: those before a correction are accounted for by themselves.
 */
export class Conflation implements Subscriber<StreamItem> {
  readonly #ticks = new Map<string, TickAccount>();
  readonly #latest = new Map<string, StreamItem>();
  /** Of each ticks channel, the place before its first message in here. */
  readonly #before = new Map<string, Offset>();
  #kept: (StreamItem | TickAccount)[] = [];
  #keptWeight = 0;

  /** @param counters of the ticks that clients are told they skipped */
  constructor(private readonly counters: Pick<Counters, "ticksConflated">) {}

  /** More has to be kept than may be. */
  get isOverfull(): boolean {
    return this.#keptWeight > KEPT_MAX;
  }

  /** The place before the first message of a channel that is in here; undefined when there is none. */
  resumeAt(channel: string): Offset | undefined {
    return this.#before.get(channel);
  }

  take(item: StreamItem): void {
    if (isPlaced(item) && !this.#before.has(item.channel))
      this.#before.set(item.channel, { ...item.place, sequence: item.place.sequence - 1 });
    if (item.kind === "ticks") this.#account(item);
    else if (item.kind === "status" || (item.kind === "bar" && item.event.kind === "bar"))
      this.#latest.set(item.channel, item);
    else if (item.kind === "corrected") this.#correct(item);
    else this.#keep(item, 1);
  }

  /** Everything there is to tell, in the order it has to be told; afterwards there is nothing. */
  settle(): Packet[] {
    const packets = [...this.#kept, ...this.#ticks.values()].flatMap((kept) => this.#told(kept));
    for (const item of this.#latest.values()) packets.push(item.packet("multiplex"));
    this.#kept = [];
    this.#keptWeight = 0;
    this.#before.clear();
    this.#ticks.clear();
    this.#latest.clear();
    return packets;
  }

  #told(kept: StreamItem | TickAccount): Packet[] {
    if (!(kept instanceof TickAccount)) return [kept.packet("multiplex")];
    this.counters.ticksConflated += kept.skipped;
    return kept.packets();
  }

  #correct(item: CorrectedItem): void {
    const account = this.#ticks.get(item.channel);
    this.#ticks.delete(item.channel);
    if (account !== undefined) this.#keep(account, 2);
    this.#keep(item, 1 + Math.floor((item.ticks?.length ?? 0) / TICKS_PER_KEPT));
  }

  #keep(kept: StreamItem | TickAccount, weight: number): void {
    if (this.isOverfull) return;
    this.#kept.push(kept);
    this.#keptWeight += weight;
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

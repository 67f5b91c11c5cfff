import {
  type Channel,
  EVERY_SYMBOL,
  FAMILY_SIDES,
  type FamilyName,
  type LiveInterval,
  type Micros,
  type TimeRange,
} from "@fx-ohlc/schemas";
import { entryOf, type RemoteClock } from "@fx-ohlc/service-kit";
import { BarItem } from "../fanout/bar-item.js";
import type { Hub } from "../fanout/hub.js";
import type { StreamItem } from "../fanout/stream-item.js";
import type { FeedMessage } from "../feed/feed-message.js";
import type { FeedListener } from "../feed/tick-feed.js";
import type { BarEvent, ShownBar } from "./bar-event.js";
import type { LevelSet } from "./level-set.js";
import { batchOf, WatchedBars } from "./watched-bars.js";

export interface BarRegistryOptions {
  readonly family: FamilyName;
  readonly set: LevelSet;
  readonly hub: Hub<StreamItem>;
  /** How long after its end a bar waits for late ticks. */
  readonly graceUs: Micros;
  /** The database's: bars close by it, as its answers say what is complete by it. */
  readonly clock: RemoteClock;
  /** Every message published before this instant of `performance.now()` has been handed in. */
  confirmedAtMs(): number;
  /** Somebody may be waiting for bars that have to be loaded. */
  onWanted(): void;
  /** Bars of a symbol are kept from now on, or not any more: whether they have to hear of its messages. */
  onKept(symbol: string, isKept: boolean): void;
}

/**
 * The live bars of a family at some levels, of every symbol of which somebody follows them. A symbol is here from its first follower to its last, or as long
 * as somebody follows all symbols.
 */
export class BarRegistry implements FeedListener {
  readonly #entries = new Map<string, WatchedBars>();
  #followersOfAll = 0;
  #isEverySymbolKnown = false;
  /** Counts the times somebody began to follow all symbols: between two of them messages went by unheard. */
  #followings = 0;

  constructor(private readonly options: BarRegistryOptions) {}

  get family(): FamilyName {
    return this.options.family;
  }

  get set(): LevelSet {
    return this.options.set;
  }

  /** Somebody follows all symbols. */
  get isOfAll(): boolean {
    return this.#followersOfAll > 0;
  }

  /** Nobody follows any. */
  get isIdle(): boolean {
    return !this.isOfAll && this.#entries.size === 0;
  }

  get entries(): Iterable<WatchedBars> {
    return this.#entries.values();
  }

  /** Every message published before this instant has been handed in. */
  get confirmedUs(): Micros {
    return this.options.clock.usAt(this.options.confirmedAtMs());
  }

  nowUs(): Micros {
    return this.options.clock.nowUs();
  }

  /** Somebody follows all symbols, and which ones there are has not been asked yet. */
  get wantsEverySymbol(): boolean {
    return this.#followersOfAll > 0 && !this.#isEverySymbolKnown;
  }

  /**
   * Which symbols there are is being asked: those heard of from now on are added when they are heard of. Answers with a question:
   * whether that has been so ever since.
   */
  everySymbolAsked(): () => boolean {
    this.#isEverySymbolKnown = true;
    const following = this.#followings;
    return () => this.#isEverySymbolKnown && following === this.#followings;
  }

  everySymbolFailed(): void {
    this.#isEverySymbolKnown = false;
  }

  /** Keeps the bars of a channel of the family live while somebody follows it. */
  watch(channel: Channel): void {
    if (channel.symbol === EVERY_SYMBOL) {
      this.#followersOfAll += 1;
    } else {
      const entry = this.entry(channel.symbol);
      entry.watchers += 1;
      if (!entry.live.needsAnchor) return;
    }
    this.options.onWanted();
  }

  unwatch(channel: Channel): void {
    if (channel.symbol === EVERY_SYMBOL) {
      this.#followersOfAll -= 1;
      if (this.#followersOfAll === 0) this.#forgetUnnamed();
      return;
    }
    const entry = this.#entries.get(channel.symbol);
    if (entry === undefined) return;
    entry.watchers -= 1;
    if (entry.watchers === 0 && this.#followersOfAll === 0) this.#forget(channel.symbol);
  }

  /** A symbol's bars, new ones when there were none. */
  entry(symbol: string): WatchedBars {
    return entryOf(this.#entries, symbol, () => {
      this.options.onKept(symbol, true);
      return new WatchedBars(symbol, this.options.graceUs, this.family, this.set);
    });
  }

  #forget(symbol: string): void {
    this.#entries.delete(symbol);
    this.options.onKept(symbol, false);
  }

  symbols(): readonly string[] {
    return [...this.#entries.keys()];
  }

  newest(symbol: string, interval: LiveInterval): ShownBar | undefined {
    return this.#entries.get(symbol)?.live.newest(interval, this.nowUs());
  }

  onMessage(symbol: string, message: FeedMessage): void {
    const entry = this.#followersOfAll > 0 ? this.entry(symbol) : this.#entries.get(symbol);
    if (entry === undefined) return;
    if (message.type === "ticks") {
      entry.add(batchOf(message.content));
    } else {
      const { fromUs, toUs } = message.times;
      entry.revise(fromUs, toUs);
    }
  }

  onGap(symbol: string): void {
    this.#entries.get(symbol)?.doubt();
  }

  onForeign(symbol: string, { fromUs, toUs }: TimeRange): void {
    this.#entries.get(symbol)?.revise(fromUs, toUs);
  }

  /** Whatever was read was of another database: all bars are anchored anew, also of symbols that have had no message. */
  onRestart(): void {
    for (const entry of this.#entries.values()) entry.restart(this.nowUs());
    this.#isEverySymbolKnown = false;
    this.options.onWanted();
  }

  /** Nobody follows all symbols any more: what is left is what somebody named. */
  #forgetUnnamed(): void {
    this.#isEverySymbolKnown = false;
    this.#followings += 1;
    for (const { symbol, watchers } of this.#entries.values()) if (watchers === 0) this.#forget(symbol);
  }

  /** Moves every bar's clock on. */
  advance(): void {
    for (const entry of this.#entries.values()) this.advanceEntry(entry);
  }

  advanceEntry(entry: WatchedBars): void {
    const now = this.nowUs();
    this.publish(entry.live.advance(now, this.confirmedUs));
    entry.advanceCheck(now, this.confirmedUs);
  }

  /** Tells clients. */
  publish(events: readonly BarEvent[]): void {
    const boundary = this.set.asked?.boundary;
    for (const event of events) {
      const { interval } = event;
      for (const side of FAMILY_SIDES[this.family]) {
        this.options.hub.publish(new BarItem(event, { interval, side, boundary }, this.nowUs()));
      }
    }
  }
}

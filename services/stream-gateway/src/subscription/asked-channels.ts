import { type Channel, channelName, EVERY_SYMBOL } from "@fx-ohlc/schemas";
import type { ChannelChange } from "../fanout/audiences.js";
import { wildcardOf } from "./channel.js";
import { narrowedName, type Reach } from "./narrowed.js";

/**
 * The channels a client asked for. It follows those that no wildcard among them covers, for nothing may be sent twice: what it
 * asks for or gives up changes them by that channel alone, and by all that a wildcard covers.
 */
export class AskedChannels implements Iterable<Channel> {
  readonly #asked = new Map<string, Channel>();

  /** @param reach the symbols that a wildcard means; undefined: every one */
  constructor(private readonly reach?: Reach) {}

  get size(): number {
    return this.#asked.size;
  }

  get names(): string[] {
    return [...this.#asked.keys()];
  }

  has(name: string): boolean {
    return this.#asked.has(name);
  }

  [Symbol.iterator](): Iterator<Channel> {
    return this.#asked.values();
  }

  add(channels: Iterable<Channel>): ChannelChange {
    const change = new Change();
    for (const channel of channels) {
      const name = channelName(channel);
      if (this.#asked.has(name)) continue;
      this.#asked.set(name, channel);
      if (channel.symbol === EVERY_SYMBOL) {
        change.join(this.#wildcard(name));
        for (const covered of this.#coveredBy(name)) change.leave(covered);
      } else if (!this.#asked.has(wildcardOf(channel))) {
        change.join(name);
      }
    }
    return change;
  }

  /** @returns also those that had been asked for */
  remove(channels: Iterable<Channel>): { readonly gone: readonly Channel[]; readonly change: ChannelChange } {
    const change = new Change();
    const gone: Channel[] = [];
    for (const channel of channels) {
      const name = channelName(channel);
      if (!this.#asked.delete(name)) continue;
      gone.push(channel);
      if (channel.symbol === EVERY_SYMBOL) {
        change.leave(this.#wildcard(name));
        for (const covered of this.#coveredBy(name)) change.join(covered);
      } else if (!this.#asked.has(wildcardOf(channel))) {
        change.leave(name);
      }
    }
    return { gone, change };
  }

  #wildcard(name: string): string {
    return this.reach === undefined ? name : narrowedName(name, this.reach);
  }

  #coveredBy(wildcard: string): string[] {
    return [...this.#asked]
      .filter(([, channel]) => channel.symbol !== EVERY_SYMBOL && wildcardOf(channel) === wildcard)
      .map(([name]) => name);
  }
}

/** Several changes in one: what comes and goes again is none. */
class Change implements ChannelChange {
  readonly joined = new Set<string>();
  readonly left = new Set<string>();

  join(name: string): void {
    if (!this.left.delete(name)) this.joined.add(name);
  }

  leave(name: string): void {
    if (!this.joined.delete(name)) this.left.add(name);
  }
}

import { entryOf } from "@fx-ohlc/service-kit";
import { NarrowedWildcards } from "../subscription/narrowed.js";
import type { Item, Subscriber } from "./item.js";

/** Who takes which channel. A subscriber must not be on a channel and on the wildcard above it, or it hears things twice. */
export class Hub<I extends Item> {
  readonly #subscribers = new Map<string, Set<Subscriber<I>>>();
  readonly #narrowed = new NarrowedWildcards();

  join(subscriber: Subscriber<I>, channels: Iterable<string>): void {
    for (const channel of channels) {
      entryOf(this.#subscribers, channel, () => this.#begun(channel)).add(subscriber);
    }
  }

  leave(subscriber: Subscriber<I>, channels: Iterable<string>): void {
    for (const channel of channels) {
      const subscribers = this.#subscribers.get(channel);
      subscribers?.delete(subscriber);
      if (subscribers?.size !== 0) continue;
      this.#subscribers.delete(channel);
      this.#narrowed.remove(channel);
    }
  }

  publish(item: I): void {
    for (const subscriber of this.#subscribers.get(item.channel) ?? NOBODY) subscriber.take(item);
    for (const subscriber of this.#subscribers.get(item.wildcard) ?? NOBODY) subscriber.take(item);
    for (const name of this.#narrowed.namesFor(item.wildcard, item.symbol)) {
      for (const subscriber of this.#subscribers.get(name) ?? NOBODY) subscriber.take(item);
    }
  }

  #begun(channel: string): Set<Subscriber<I>> {
    this.#narrowed.add(channel);
    return new Set();
  }
}

const NOBODY: ReadonlySet<never> = new Set();

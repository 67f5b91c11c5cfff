import { entryOf } from "@fx-ohlc/service-kit";
import type { Item, Subscriber } from "./item.js";

/** Who takes which channel. A subscriber must not be on a channel and on the wildcard above it, or it hears things twice. */
export class Hub<I extends Item> {
  readonly #subscribers = new Map<string, Set<Subscriber<I>>>();

  join(subscriber: Subscriber<I>, channels: Iterable<string>): void {
    for (const channel of channels) {
      entryOf<string, Set<Subscriber<I>>>(this.#subscribers, channel, () => new Set()).add(subscriber);
    }
  }

  leave(subscriber: Subscriber<I>, channels: Iterable<string>): void {
    for (const channel of channels) {
      const subscribers = this.#subscribers.get(channel);
      subscribers?.delete(subscriber);
      if (subscribers?.size === 0) this.#subscribers.delete(channel);
    }
  }

  publish(item: I): void {
    for (const subscriber of this.#subscribers.get(item.channel) ?? NOBODY) subscriber.take(item);
    for (const subscriber of this.#subscribers.get(item.wildcard) ?? NOBODY) subscriber.take(item);
  }
}

const NOBODY: ReadonlySet<never> = new Set();

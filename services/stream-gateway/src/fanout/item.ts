import type { Packet } from "./packet.js";

/** The two ways to say the same thing: one message a tick or bar on the plain endpoints, the protocol of `/ws`. */
export type Format = "plain" | "multiplex";

/** Something that happened on a channel. Its packets are built when the first subscriber asks, and shared by all. */
export interface Item {
  /** The concrete channel: `ticks:EURUSD`, `ohlc:EURUSD:minute`. */
  readonly channel: string;
  /** The channel that follows every symbol: `ticks:*`. */
  readonly wildcard: string;
  packet(format: Format): Packet;
}

/** Whoever takes items: an audience of many clients, or one client that is not like the others at the moment. */
export interface Subscriber<I extends Item> {
  take(item: I): void;
}

/** Says a thing in both ways, each at most once. */
export class LazyPackets {
  #plain: Packet | undefined;
  #multiplex: Packet | undefined;

  constructor(private readonly build: Readonly<Record<Format, () => Packet>>) {}

  get(format: Format): Packet {
    if (format === "plain") {
      this.#plain ??= this.build.plain();
      return this.#plain;
    }
    this.#multiplex ??= this.build.multiplex();
    return this.#multiplex;
  }
}

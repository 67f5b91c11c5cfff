import type { Packet } from "./packet.js";

/** The two ways to say the same thing: one message a tick or bar on the plain endpoints, the protocol of `/ws`. */
export type Format = "plain" | "multiplex";

/** Something that happened on a channel. */
export interface Item {
  readonly symbol: string;
  /** The concrete channel: `ticks:EURUSD`, `ohlc:EURUSD:minute`. */
  readonly channel: string;
  /** The channel that follows every symbol: `ticks:*`. */
  readonly wildcard: string;
  /** Built when the first subscriber asks, and shared by all. */
  readonly packet: (format: Format) => Packet;
}

/** Whoever takes items: an audience of many clients, or one client that is not like the others at the moment. */
export interface Subscriber<I extends Item> {
  take(item: I): void;
}

/** Says a thing in both ways, each at most once. */
export function lazyPackets(build: Readonly<Record<Format, () => Packet>>): Item["packet"] {
  const built: { [format in Format]?: Packet } = {};
  return (format) => {
    const packet = built[format] ?? build[format]();
    built[format] = packet;
    return packet;
  };
}

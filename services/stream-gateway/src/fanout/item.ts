import type { Packet } from "./packet.js";

/**
 * The ways to say the same thing: one message a tick or bar on the plain endpoints, with corrections where they were asked for, or the
 * protocol of `/ws`.
 */
export type Format = "plain" | "plain_corrected" | "multiplex";

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

/** How a thing is said: to those who asked for corrections as on any plain endpoint, unless it is one. */
export type PacketBuilders = Readonly<Record<"plain" | "multiplex", () => Packet>> & {
  readonly plain_corrected?: () => Packet;
};

/** Says a thing in every way, each at most once. */
export function lazyPackets(build: PacketBuilders): Item["packet"] {
  const built: { [format in Format]?: Packet } = {};
  return (asked) => {
    const format = build[asked] === undefined ? "plain" : asked;
    const packet = built[format] ?? build[format]?.() ?? build.plain();
    built[format] = packet;
    return packet;
  };
}

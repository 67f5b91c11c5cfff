import { type Channel, channelName, formatTime, type GapReason, type TimeRange } from "@fx-ohlc/schemas";
import { wildcardOf } from "../subscription/channel.js";
import { type Item, lazyPackets } from "./item.js";
import { packetOf } from "./packet.js";

/** What clients of a channel will not be sent: they can read [fromUs, toUs) over HTTP. */
export interface GapRange extends TimeRange {
  readonly reason: GapReason;
  /** They are old ticks that were stored just now. */
  readonly isLate?: boolean;
}

/** A declared gap. The plain endpoints are told of it in the same words, with the symbol for the channel. */
export class GapItem implements Item {
  readonly kind = "gap";
  readonly symbol: string;
  readonly channel: string;
  readonly wildcard: string;
  readonly isLate: boolean;
  readonly packet: Item["packet"];

  constructor(channel: Channel, { fromUs, toUs, reason, isLate = false }: GapRange) {
    this.isLate = isLate;
    this.symbol = channel.symbol;
    this.channel = channelName(channel);
    this.wildcard = wildcardOf(channel);
    const range = { from: formatTime(fromUs), to: formatTime(toUs), reason, ...(isLate ? { late: true } : {}) };
    this.packet = lazyPackets({
      plain: () => packetOf({ type: "gap", symbol: channel.symbol, ...range }),
      multiplex: () => packetOf({ type: "gap", channel: this.channel, ...range }),
    });
  }
}

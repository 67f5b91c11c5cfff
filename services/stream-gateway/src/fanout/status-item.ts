import { EVERY_SYMBOL, type FeedState, formatTime, type Micros, statusChannel } from "@fx-ohlc/schemas";
import { type Item, lazyPackets } from "./item.js";
import { Packet, packetOf } from "./packet.js";

/** How a symbol's feeds are, and since when. */
export interface SymbolStatus {
  readonly state: FeedState;
  readonly sinceUs: Micros;
}

/** A symbol's feeds are in another state. */
export class StatusItem implements Item {
  readonly kind = "status";
  readonly channel: string;
  readonly wildcard = statusChannel(EVERY_SYMBOL);
  readonly packet: Item["packet"];

  constructor(
    readonly symbol: string,
    { state, sinceUs }: SymbolStatus,
  ) {
    this.channel = statusChannel(symbol);
    this.packet = lazyPackets({
      // No plain endpoint has these channels.
      plain: () => new Packet([]),
      multiplex: () => packetOf({ type: "status", channel: this.channel, state, since: formatTime(sinceUs) }),
    });
  }
}

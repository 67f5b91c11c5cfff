import {
  EVERY_SYMBOL,
  formatOffset,
  formatTime,
  type Offset,
  type TimeRange,
  ticksChannel,
  type WireTick,
} from "@fx-ohlc/schemas";
import { type Item, lazyPackets } from "./item.js";
import { Packet, packetOf } from "./packet.js";

/** Ticks of a symbol were put or deleted: what [fromUs, toUs) holds now. A plain endpoint tells it to those who asked for that. */
export class CorrectedItem implements Item {
  readonly kind = "corrected";
  readonly channel: string;
  readonly wildcard = ticksChannel(EVERY_SYMBOL);
  readonly packet: Item["packet"];

  /**
   * @param place of the message in the symbol's stream
   * @param ticks undefined where they are too many to be told
   */
  constructor(
    readonly symbol: string,
    readonly place: Offset,
    { fromUs, toUs }: TimeRange,
    readonly ticks: readonly WireTick[] | undefined,
  ) {
    this.channel = ticksChannel(symbol);
    const range = { from: formatTime(fromUs), to: formatTime(toUs), ticks };
    this.packet = lazyPackets({
      plain: () => new Packet([]),
      plain_corrected: () => packetOf({ corrected: true, symbol, ...range }),
      multiplex: () => packetOf({ type: "corrected", channel: this.channel, offset: formatOffset(place), ...range }),
    });
  }
}

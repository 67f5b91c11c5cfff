import { costJson, EVERY_SYMBOL, formatOffset, type Offset, ticksChannel, type WireTick } from "@fx-ohlc/schemas";
import { type Item, lazyPackets } from "./item.js";
import { Packet, packetOf } from "./packet.js";

/** New ticks of one symbol, as one message of its stream brought them. */
export class TicksItem implements Item {
  readonly kind = "ticks";
  readonly channel: string;
  readonly wildcard = ticksChannel(EVERY_SYMBOL);
  readonly packet: Item["packet"];
  /** The place as clients know it. */
  readonly offset: string;

  /** @param place of the message in the symbol's stream */
  constructor(
    readonly symbol: string,
    readonly place: Offset,
    readonly ticks: readonly WireTick[],
  ) {
    this.channel = ticksChannel(symbol);
    this.offset = formatOffset(place);
    this.packet = lazyPackets({
      plain: () => new Packet(ticks.map((tick) => plainTick(symbol, tick))),
      multiplex: () => packetOf({ type: "ticks", channel: this.channel, offset: this.offset, ticks }),
    });
  }
}

/** Put together by hand: symbols and times hold nothing that JSON would escape, and this is made for every single tick. */
function plainTick(symbol: string, tick: WireTick): string {
  return `{"symbol":"${symbol}","time":"${tick.time}",${costJson(tick)},"seq":${tick.seq}}`;
}

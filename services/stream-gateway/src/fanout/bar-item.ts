import { formatBucket, formatTime, type Micros, type StoredInterval } from "@fx-ohlc/schemas";
import type { BarEvent, ShownBar } from "../bars/bar-event.js";
import { EVERY_SYMBOL, ohlcChannel } from "../subscription/channel.js";
import { type Item, lazyPackets } from "./item.js";
import { packetOf } from "./packet.js";

/** A bar in the words of the wire. */
function barFields(interval: StoredInterval, { bar, complete, final }: ShownBar, sentUs: Micros) {
  const { symbol, open, high, low, close } = bar;
  const prices = { open, high, low, close, tick_count: bar.tickCount };
  const timestamp = formatTime(sentUs);
  return { interval, bucket: formatBucket(bar.bucketUs), symbol, ...prices, complete, final, timestamp };
}

/** News of a bar. */
export class BarItem implements Item {
  readonly kind = "bar";
  readonly symbol: string;
  readonly channel: string;
  readonly wildcard: string;
  readonly packet: Item["packet"];

  /** @param sentUs when it is sent, which is at once */
  constructor(
    readonly event: BarEvent,
    sentUs: Micros,
  ) {
    const { interval, kind } = event;
    this.symbol = event.bar.symbol;
    this.channel = ohlcChannel(event.bar.symbol, interval);
    this.wildcard = ohlcChannel(EVERY_SYMBOL, interval);
    const bar = () => barFields(interval, event, sentUs);
    this.packet = lazyPackets({
      plain: () => packetOf(kind === "revision" ? { ...bar(), revision: true } : bar()),
      multiplex: () => packetOf({ type: kind, channel: this.channel, bar: bar() }),
    });
  }
}

/** A bar as a client hears of it first, when it begins to follow its channel. */
export function firstBar(interval: StoredInterval, shown: ShownBar, sentUs: Micros): BarItem {
  return new BarItem({ ...shown, interval, kind: shown.final ? "final" : "bar" }, sentUs);
}

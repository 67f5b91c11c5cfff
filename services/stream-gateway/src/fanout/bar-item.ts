import {
  type ChannelBars,
  type ChannelSide,
  EVERY_SYMBOL,
  formatBucket,
  formatTime,
  type LiveInterval,
  type Micros,
  ohlcChannel,
} from "@fx-ohlc/schemas";
import type { BarEvent, ShownBar } from "../bars/bar-event.js";
import { quotesJson, sideJson } from "../bars/quotes.js";
import { type Item, lazyPackets } from "./item.js";
import { packetOf } from "./packet.js";

/** What open, high, low and close are of. */
function pricesJson({ open, high, low, close, quotes }: ShownBar["bar"], side: ChannelSide) {
  return side === "bid" || side === "ask" ? sideJson(side, quotes) : { open, high, low, close };
}

/** A bar in the words of the wire. */
function barFields(interval: LiveInterval, side: ChannelSide, shown: ShownBar, sentUs: Micros) {
  const { bar, complete, final, date } = shown;
  const prices = { ...pricesJson(bar, side), tick_count: bar.tickCount };
  const timestamp = formatTime(sentUs);
  const beside = side === "quote" ? quotesJson(bar.quotes) : {};
  // A bar of ticks is known by its first one.
  const { bucketUs, seq, symbol } = bar;
  const start = seq === undefined ? { bucket: formatBucket(bucketUs) } : { bucket: formatTime(bucketUs), seq };
  return { interval, ...start, symbol, ...prices, complete, final, timestamp, ...(date && { date }), ...beside };
}

/** News of a bar, as one of its sides is told it. */
export class BarItem implements Item {
  readonly kind = "bar";
  readonly symbol: string;
  readonly channel: string;
  readonly wildcard: string;
  readonly packet: Item["packet"];

  /** @param sentUs when it is sent, which is at once */
  constructor(
    readonly event: BarEvent,
    bars: ChannelBars,
    sentUs: Micros,
  ) {
    const { kind } = event;
    const { interval, side } = bars;
    this.symbol = event.bar.symbol;
    this.channel = ohlcChannel(event.bar.symbol, bars);
    this.wildcard = ohlcChannel(EVERY_SYMBOL, bars);
    const bar = () => barFields(interval, side, event, sentUs);
    this.packet = lazyPackets({
      plain: () => packetOf(kind === "revision" ? { ...bar(), revision: true } : bar()),
      multiplex: () => packetOf({ type: kind, channel: this.channel, bar: bar() }),
    });
  }
}

/** A bar as a client hears of it first, when it begins to follow its channel. */
export function firstBar(bars: ChannelBars, shown: ShownBar, sentUs: Micros): BarItem {
  const kind = shown.final ? "final" : "bar";
  return new BarItem({ ...shown, interval: bars.interval, kind }, bars, sentUs);
}

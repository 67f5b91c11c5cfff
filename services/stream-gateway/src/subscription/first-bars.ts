import type { Micros, StoredInterval } from "@fx-ohlc/schemas";
import type { ShownBar } from "../bars/bar-event.js";
import type { Connection } from "../connection/connection.js";
import { firstBar } from "../fanout/bar-item.js";
import type { Format } from "../fanout/item.js";
import type { Channel } from "./channel.js";

/** The live bars, as far as clients that come and go are concerned. */
export interface FirstBars {
  /** Keeps the bars of a channel live while somebody follows it. */
  watch(channel: Channel): void;
  unwatch(channel: Channel): void;
  /** The clock by which bars are complete. */
  nowUs(): Micros;
  /** The newest bar of a symbol, or of every watched one; those that are still being loaded come by themselves later. */
  newest(symbol: string, interval: StoredInterval): readonly ShownBar[];
}

/** Sends the newest bar of a channel's symbol, or of every symbol that a client may see; nothing for a channel of ticks. */
export function sendFirstBars(
  { sender, caller }: Pick<Connection, "sender" | "caller">,
  bars: FirstBars,
  channel: Channel,
  format: Format = "multiplex",
): void {
  if (channel.kind !== "ohlc") return;
  const sentUs = bars.nowUs();
  const shown = bars.newest(channel.symbol, channel.interval).filter(({ bar }) => caller.maySee(bar.symbol));
  sender.sendPackets(shown.map((bar) => firstBar(channel.interval, bar, sentUs).packet(format)));
}

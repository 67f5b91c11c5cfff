import { setTimeout as delay } from "node:timers/promises";
import { type Channel, type ChannelBars, EVERY_SYMBOL, type Micros } from "@fx-ohlc/schemas";
import type { LoopTurns } from "@fx-ohlc/service-kit";
import type { ShownBar } from "../bars/bar-event.js";
import type { Connection } from "../connection/connection.js";
import { firstBar } from "../fanout/bar-item.js";
import type { Format } from "../fanout/item.js";

/** The live bars, as far as clients that come and go are concerned. */
export interface FirstBars {
  /** Keeps the bars of a channel live while somebody follows it. */
  watch(channel: Channel): void;
  unwatch(channel: Channel): void;
  /** The clock by which bars are complete. */
  nowUs(): Micros;
  /** Every symbol whose bars of this kind are watched at the moment. */
  symbols(bars: ChannelBars): readonly string[];
  /** The newest bar of a symbol; one that is still being loaded comes by itself later. */
  newest(symbol: string, bars: ChannelBars): ShownBar | undefined;
}

/** Who is sent first bars. */
export interface Newcomer extends Pick<Connection, "sender" | "caller"> {
  readonly format: Format;
  /** It reads too slowly at the moment. */
  isLagging(): boolean;
  /** Sends what happened before. */
  flush(): void;
}

/** Bars that are sent in one turn: some 25 kB, in a fraction of a millisecond. */
const PAGE = 100;
/** A page goes out when the client has taken the last ones but for this much. */
const QUEUED_BYTES_MAX = 256 * 1024;
/** How often a client that has not is looked at again. */
const POLL_MS = 10;

/** Sends the newest bars of the symbols that channels name, at once. */
export function sendNamedBars(newcomer: Newcomer, bars: FirstBars, channels: readonly Channel[]): void {
  const named = channels.filter(isOfBars).filter(({ symbol }) => symbol !== EVERY_SYMBOL);
  sendBars(newcomer, bars, named);
}

/**
 * Sends the newest bar of every symbol that a client may see, for each wildcard among channels: page by page, as fast as it reads,
 * in turns with what all others are sent. What happens meanwhile it hears of as everybody does.
 */
export async function sendEveryBar(
  newcomer: Newcomer,
  bars: FirstBars,
  channels: readonly Channel[],
  turns: LoopTurns,
): Promise<void> {
  const { sender, caller } = newcomer;
  const mayBeSent = () => !newcomer.isLagging() && sender.queuedBytes <= QUEUED_BYTES_MAX;
  for (const every of channels.filter(isOfBars).filter(({ symbol }) => symbol === EVERY_SYMBOL)) {
    const symbols = bars.symbols(every).filter((symbol) => caller.maySee(symbol));
    for (let at = 0; at < symbols.length; at += PAGE) {
      do {
        while (sender.isOpen && !mayBeSent()) await delay(POLL_MS);
        await turns.next();
      } while (sender.isOpen && !mayBeSent());
      if (!sender.isOpen) return;
      const page = symbols.slice(at, at + PAGE).map((symbol) => ({ ...every, symbol }));
      sendBars(newcomer, bars, page);
    }
  }
}

type BarChannel = Extract<Channel, { readonly kind: "ohlc" }>;

function isOfBars(channel: Channel): channel is BarChannel {
  return channel.kind === "ohlc";
}

/** As they are now: whatever was told of them before goes out before. */
function sendBars({ sender, format, flush }: Newcomer, bars: FirstBars, channels: readonly BarChannel[]): void {
  flush();
  const sentUs = bars.nowUs();
  const packets = channels.flatMap((channel) => {
    const shown = bars.newest(channel.symbol, channel);
    return shown === undefined ? [] : [firstBar(channel, shown, sentUs).packet(format)];
  });
  sender.sendPackets(packets);
}

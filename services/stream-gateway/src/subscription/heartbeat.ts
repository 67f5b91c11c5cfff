import { SymbolPatterns } from "@fx-ohlc/access";
import { EVERY_SYMBOL, formatTime, type Micros, ticksChannel } from "@fx-ohlc/schemas";
import type { ChannelSet } from "../fanout/channel-set.js";
import { type Packet, packetOf } from "../fanout/packet.js";
import { offsetOf, type Positions } from "../resume/positions.js";
import { parseChannel } from "./channel.js";
import { patternsIn } from "./narrowed.js";

/** The heartbeat of those who follow these channels: where each of their ticks channels stands, and what time it is. */
export function heartbeat(channels: ChannelSet, positions: Positions, nowUs: Micros): Packet {
  const offsets: Record<string, string> = {};
  const symbols = everySymbolIn(channels, positions) ?? ticksSymbols(channels);
  for (const symbol of symbols) offsets[ticksChannel(symbol)] = offsetOf(positions, symbol);
  return packetOf({ type: "heartbeat", time: formatTime(nowUs), offsets });
}

/** Those that a wildcard among the channels means; undefined: there is none. */
function everySymbolIn(channels: ChannelSet, positions: Positions): Iterable<string> | undefined {
  const wildcard = ticksChannel(EVERY_SYMBOL);
  if (channels.has(wildcard)) return positions.symbols;
  const narrowed = [...channels].find((name) => name.startsWith(wildcard));
  const patterns = narrowed === undefined ? undefined : patternsIn(narrowed);
  if (patterns === undefined) return undefined;
  const reach = new SymbolPatterns(patterns);
  return [...positions.symbols].filter((symbol) => reach.covers(symbol));
}

function ticksSymbols(channels: ChannelSet): string[] {
  return [...channels].flatMap((name) => {
    const channel = parseChannel(name);
    return channel?.kind === "ticks" ? [channel.symbol] : [];
  });
}

import { formatTime, type Micros } from "@fx-ohlc/schemas";
import { type Packet, packetOf } from "../fanout/packet.js";
import { offsetOf, type Positions } from "../resume/positions.js";
import { EVERY_SYMBOL, parseChannel, ticksChannel } from "./channel.js";

/** The heartbeat of those who follow these channels: where each of their ticks channels stands, and what time it is. */
export function heartbeat(channels: ReadonlySet<string>, positions: Positions, nowUs: Micros): Packet {
  const offsets: Record<string, string> = {};
  const all = channels.has(ticksChannel(EVERY_SYMBOL));
  const symbols = all ? positions.symbols : ticksSymbols(channels);
  for (const symbol of symbols) offsets[ticksChannel(symbol)] = offsetOf(positions, symbol);
  return packetOf({ type: "heartbeat", time: formatTime(nowUs), offsets });
}

function ticksSymbols(channels: ReadonlySet<string>): string[] {
  return [...channels].flatMap((name) => {
    const channel = parseChannel(name);
    return channel?.kind === "ticks" ? [channel.symbol] : [];
  });
}

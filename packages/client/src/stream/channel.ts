import { type Channel, channelName, splitChannel } from "@fx-ohlc/schemas/channel";
import { normalizeSymbol } from "@fx-ohlc/schemas/symbol";
import type { ChannelName } from "./channel-name.js";

export type { Channel, ChannelSide, QuoteSide } from "@fx-ohlc/schemas/channel";

/** A channel whose messages HTTP tells, too: of ticks, or of bars. */
export type HistoryChannel = Exclude<Channel, { readonly kind: "status" }>;

/**
 * Reads `ticks:EURUSD`, `ohlc:EURUSD:5m`, `ohlc:EURUSD:5m:bid` or `ohlc:EURUSD:4h@17:America/New_York`, in any spelling the services
 * take.
 *
 * @returns undefined for any other name; the symbol as the services store it, where it is one, and else as it is, such as `*`
 */
export function parseChannel(name: string): Channel | undefined {
  const channel = splitChannel(name);
  return channel && { ...channel, symbol: normalizeSymbol(channel.symbol) ?? channel.symbol };
}

/** Whether a text names a channel, in any spelling the services take. */
export function isChannelName(name: string): name is ChannelName {
  return parseChannel(name) !== undefined;
}

/** The spelling that messages carry; a name that cannot be read stays as it is, for the server to refuse. */
export function canonicalName(name: string): string {
  const channel = parseChannel(name);
  return channel === undefined ? name : channelName(channel);
}

/** Whether a subscription, perhaps to every symbol (`ticks:*`, `ohlc:*:minute`), covers a channel. */
export function covers(subscription: string, name: string): boolean {
  if (subscription === name) return true;
  const [wide, channel] = [parseChannel(subscription), parseChannel(name)];
  if (wide?.symbol !== "*" || channel === undefined) return false;
  return channelName({ ...channel, symbol: "*" }) === channelName(wide);
}

import { type Channel, channelName, EVERY_SYMBOL, normalizeSymbol, splitChannel } from "@fx-ohlc/schemas";

/** The channel that follows every symbol as this one follows its own. */
export function wildcardOf(channel: Channel): string {
  return channelName({ ...channel, symbol: EVERY_SYMBOL });
}

/** Reads the name of a channel, its symbol in any accepted spelling or `*`. */
export function parseChannel(raw: unknown): Channel | undefined {
  const channel = typeof raw === "string" ? splitChannel(raw) : undefined;
  if (channel === undefined || channel.symbol === EVERY_SYMBOL) return channel;
  const symbol = normalizeSymbol(channel.symbol);
  return symbol === undefined ? undefined : { ...channel, symbol };
}

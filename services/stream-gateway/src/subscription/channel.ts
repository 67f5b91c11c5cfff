import { normalizeSymbol, parseStoredInterval, type StoredInterval } from "@fx-ohlc/schemas";

/** Stands for every symbol in a channel's name. */
export const EVERY_SYMBOL = "*";

/** What a client can follow. */
export type Channel =
  | { readonly kind: "ticks"; readonly symbol: string }
  | { readonly kind: "ohlc"; readonly symbol: string; readonly interval: StoredInterval };

export function ticksChannel(symbol: string): string {
  return `ticks:${symbol}`;
}

export function ohlcChannel(symbol: string, interval: StoredInterval): string {
  return `ohlc:${symbol}:${interval}`;
}

export function channelName(channel: Channel): string {
  return channel.kind === "ticks" ? ticksChannel(channel.symbol) : ohlcChannel(channel.symbol, channel.interval);
}

/** The channel that follows every symbol as this one follows its own. */
export function wildcardOf(channel: Channel): string {
  return channelName({ ...channel, symbol: EVERY_SYMBOL });
}

/** A symbol may hold colons: the interval is what follows the last one. */
const NAME = /^(?:ticks:(?<ticks>.+)|ohlc:(?<bars>.+):(?<interval>[^:]+))$/;

/** Reads `ticks:SYMBOL` and `ohlc:SYMBOL:INTERVAL`, the symbol in any accepted spelling or `*`. */
export function parseChannel(raw: unknown): Channel | undefined {
  const { ticks, bars, interval: rawInterval } = (typeof raw === "string" ? NAME.exec(raw)?.groups : undefined) ?? {};
  const rawSymbol = ticks ?? bars;
  const symbol = rawSymbol === EVERY_SYMBOL ? EVERY_SYMBOL : normalizeSymbol(rawSymbol);
  if (symbol === undefined) return undefined;
  if (ticks !== undefined) return { kind: "ticks", symbol };
  const interval = parseStoredInterval(rawInterval);
  return interval === undefined ? undefined : { kind: "ohlc", symbol, interval };
}

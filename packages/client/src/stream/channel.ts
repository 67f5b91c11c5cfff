import { parseStoredInterval, type StoredInterval } from "@fx-ohlc/schemas/interval";
import { normalizeSymbol } from "@fx-ohlc/schemas/symbol";
import type { ChannelName } from "./channel-name.js";

/** What a channel's name says. */
export type Channel =
  | { readonly kind: "ticks"; readonly symbol: string }
  | { readonly kind: "ohlc"; readonly symbol: string; readonly interval: StoredInterval };

/** A symbol may hold colons: the interval is what follows the last one. */
const NAME = /^(?:ticks:(.+)|ohlc:(.+):([^:]+))$/;

/** The symbol as the services store it, which their answers carry; what is none stays as it is, such as `*`. */
function stored(symbol: string): string {
  return normalizeSymbol(symbol) ?? symbol;
}

/**
 * Reads `ticks:EURUSD` or `ohlc:EURUSD:minute`, in any spelling the services take.
 *
 * @returns undefined for any other name
 */
export function parseChannel(name: string): Channel | undefined {
  const [, tickSymbol, barSymbol, rawInterval] = NAME.exec(name) ?? [];
  if (tickSymbol !== undefined) return { kind: "ticks", symbol: stored(tickSymbol) };
  const interval = parseStoredInterval(rawInterval);
  if (barSymbol === undefined || interval === undefined) return undefined;
  return { kind: "ohlc", symbol: stored(barSymbol), interval };
}

/** Whether a text names a channel, in any spelling the services take. */
export function isChannelName(name: string): name is ChannelName {
  return parseChannel(name) !== undefined;
}

/** The spelling that messages carry; a name that cannot be read stays as it is, for the server to refuse. */
export function canonicalName(name: string): string {
  const channel = parseChannel(name);
  if (channel === undefined) return name;
  return channel.kind === "ticks" ? `ticks:${channel.symbol}` : `ohlc:${channel.symbol}:${channel.interval}`;
}

/** Whether a subscription, perhaps to every symbol (`ticks:*`, `ohlc:*:minute`), covers a channel. */
export function covers(subscription: string, name: string): boolean {
  if (subscription === name) return true;
  const [wide, channel] = [parseChannel(subscription), parseChannel(name)];
  if (wide?.symbol !== "*" || channel === undefined || wide.kind !== channel.kind) return false;
  return wide.kind === "ticks" || (channel.kind === "ohlc" && wide.interval === channel.interval);
}

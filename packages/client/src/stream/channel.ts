import type { StoredInterval } from "@fx-ohlc/schemas";

/** What a channel's name says. */
export type Channel =
  | { readonly kind: "ticks"; readonly symbol: string }
  | { readonly kind: "ohlc"; readonly symbol: string; readonly interval: StoredInterval };

const NAME = /^(?:ticks:([^:]+)|ohlc:([^:]+):(minute|hour|day))$/;

/**
 * Reads `ticks:EURUSD` or `ohlc:EURUSD:minute`.
 *
 * @returns undefined for any other name
 */
export function parseChannel(name: string): Channel | undefined {
  const [, tickSymbol, barSymbol, interval] = NAME.exec(name) ?? [];
  if (tickSymbol !== undefined) return { kind: "ticks", symbol: tickSymbol };
  if (barSymbol === undefined || interval === undefined) return undefined;
  // The pattern admits these three words only.
  return { kind: "ohlc", symbol: barSymbol, interval: interval as StoredInterval };
}

/** Whether a subscription, perhaps to every symbol (`ticks:*`, `ohlc:*:minute`), covers a channel. */
export function covers(subscription: string, name: string): boolean {
  if (subscription === name) return true;
  const [wide, channel] = [parseChannel(subscription), parseChannel(name)];
  if (wide?.symbol !== "*" || channel === undefined || wide.kind !== channel.kind) return false;
  return wide.kind === "ticks" || (channel.kind === "ohlc" && wide.interval === channel.interval);
}

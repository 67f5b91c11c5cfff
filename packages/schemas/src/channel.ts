import { parseStoredInterval, type StoredInterval } from "./interval.js";

/** What the bars of a channel are of: the prices of ticks (`mid`), one side of their quotes, or all of these. */
export type ChannelSide = "mid" | QuoteSide;

/** What a channel of bars is called after its interval when it is of quotes. */
export const QUOTE_SIDES = ["bid", "ask", "quote"] as const;
export type QuoteSide = (typeof QUOTE_SIDES)[number];

/** Bars as they are kept: of prices alone, or of quotes too. */
export const FAMILY_NAMES = ["ohlc", "quote"] as const;
export type FamilyName = (typeof FAMILY_NAMES)[number];

/** What channels tell the bars of a family. */
export const FAMILY_SIDES = { ohlc: ["mid"], quote: QUOTE_SIDES } as const satisfies Readonly<
  Record<FamilyName, readonly ChannelSide[]>
>;

/** The bars that a channel is of. */
export interface ChannelBars {
  readonly interval: StoredInterval;
  readonly side: ChannelSide;
}

/** The family whose bars a channel tells. */
export function familyOf({ side }: Pick<ChannelBars, "side">): FamilyName {
  return side === "mid" ? "ohlc" : "quote";
}

/** What can be followed on the stream. */
export type Channel =
  | { readonly kind: "ticks"; readonly symbol: string }
  | { readonly kind: "status"; readonly symbol: string }
  | ({ readonly kind: "ohlc"; readonly symbol: string } & ChannelBars);

/** Stands for every symbol in a channel's name. */
export const EVERY_SYMBOL = "*";

export function ticksChannel(symbol: string): string {
  return `ticks:${symbol}`;
}

/** The state of a symbol's feeds. */
export function statusChannel(symbol: string): string {
  return `status:${symbol}`;
}

export function ohlcChannel(symbol: string, { interval, side }: ChannelBars): string {
  return side === "mid" ? `ohlc:${symbol}:${interval}` : `ohlc:${symbol}:${interval}:${side}`;
}

export function channelName(channel: Channel): string {
  if (channel.kind === "status") return statusChannel(channel.symbol);
  return channel.kind === "ticks" ? ticksChannel(channel.symbol) : ohlcChannel(channel.symbol, channel);
}

/** A symbol may hold colons, so a name is read from its end: there stands whatever is said of the bars. */
const NAME =
  /^(?:ticks:(?<ticks>.+)|status:(?<status>.+)|ohlc:(?<bars>.+?):(?<interval>[^:]+)(?::(?<side>bid|ask|quote))?)$/;

/**
 * Takes the name of a channel apart: `ticks:SYMBOL`, `status:SYMBOL`, `ohlc:SYMBOL:INTERVAL`, `ohlc:SYMBOL:INTERVAL:bid`, `:ask` or `:quote`.
 *
 * @returns undefined for any other; the symbol as it is written, which may be none
 */
export function splitChannel(name: string): Channel | undefined {
  const { ticks, status, bars, interval: rawInterval, side: rawSide } = NAME.exec(name)?.groups ?? {};
  if (ticks !== undefined) return { kind: "ticks", symbol: ticks };
  if (status !== undefined) return { kind: "status", symbol: status };
  const interval = parseStoredInterval(rawInterval);
  if (bars === undefined || interval === undefined) return undefined;
  return { kind: "ohlc", symbol: bars, interval, side: QUOTE_SIDES.find((side) => side === rawSide) ?? "mid" };
}

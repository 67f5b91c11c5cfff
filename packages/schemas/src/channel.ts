import type { DayBoundary } from "./calendar.js";
import { type LiveInterval, mayNameBoundary, parseLiveInterval } from "./live-interval.js";
import { isTimezone } from "./zone-name.js";

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

/** The bars of an interval, with the boundary of the FX day they are of where that is not the configured one. */
export interface Level {
  readonly interval: LiveInterval;
  readonly boundary?: DayBoundary | undefined;
}

/** The bars that a channel is of. */
export interface ChannelBars extends Level {
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

/** How a boundary is written behind the interval: `@09:Asia/Tokyo`. */
function boundarySuffix(boundary: DayBoundary | undefined): string {
  return boundary === undefined ? "" : `@${String(boundary.hour).padStart(2, "0")}:${boundary.timezone}`;
}

/** Tells a level from all others of a symbol. */
export function levelName({ interval, boundary }: Level): string {
  return interval + boundarySuffix(boundary);
}

export function ohlcChannel(symbol: string, { interval, side, boundary }: ChannelBars): string {
  return `ohlc:${symbol}:${interval}${side === "mid" ? "" : `:${side}`}${boundarySuffix(boundary)}`;
}

export function channelName(channel: Channel): string {
  if (channel.kind === "status") return statusChannel(channel.symbol);
  return channel.kind === "ticks" ? ticksChannel(channel.symbol) : ohlcChannel(channel.symbol, channel);
}

/**
 * A symbol may hold colons and `@`, so a name is read from its end: there stands whatever is said of the bars, of which no word is
 * like a symbol's.
 */
const NAME =
  /^(?:ticks:(?<ticks>.+)|status:(?<status>.+)|ohlc:(?<bars>.+?):(?<interval>minute|hour|day|[1-9]\d{0,4}[smhdwMyt])(?::(?<side>bid|ask|quote))?(?:@(?<hour>\d{1,2}):(?<zone>[A-Za-z][\w+-]*(?:\/[\w+-]+)*))?)$/;

/** @returns undefined for a boundary that is none, or that bars of the interval do not have */
function boundaryOf(interval: LiveInterval, hour: string, timezone: string): DayBoundary | undefined {
  if (!mayNameBoundary(interval) || Number(hour) > 23 || !isTimezone(timezone)) return undefined;
  return { hour: Number(hour), timezone };
}

/**
 * Takes the name of a channel apart: `ticks:SYMBOL`, `status:SYMBOL`, or `ohlc:SYMBOL:INTERVAL`, of quotes with `:bid`, `:ask` or `:quote` behind it, of
 * a boundary of the FX day's own with `@HH:ZONE` at the end.
 *
 * @returns undefined for any other; the symbol as it is written, which may be none
 */
export function splitChannel(name: string): Channel | undefined {
  const { ticks, status, bars, interval: rawInterval, side: rawSide, hour, zone } = NAME.exec(name)?.groups ?? {};
  if (ticks !== undefined) return { kind: "ticks", symbol: ticks };
  if (status !== undefined) return { kind: "status", symbol: status };
  const interval = parseLiveInterval(rawInterval);
  if (bars === undefined || interval === undefined) return undefined;
  const side = QUOTE_SIDES.find((known) => known === rawSide) ?? "mid";
  if (hour === undefined || zone === undefined) return { kind: "ohlc", symbol: bars, interval, side };
  const boundary = boundaryOf(interval, hour, zone);
  return boundary && { kind: "ohlc", symbol: bars, interval, side, boundary };
}

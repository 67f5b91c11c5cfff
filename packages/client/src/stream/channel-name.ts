import type { SHORT_NAMES, StoredInterval } from "@fx-ohlc/schemas/interval";

/** What a channel of bars calls its interval: `minute` and `1m` are the same. */
export type ChannelInterval = StoredInterval | (typeof SHORT_NAMES)[StoredInterval];

/** A channel of ticks, `*` standing for every symbol. */
export type TicksChannelName<Symbol extends string = string> = `ticks:${Symbol}`;

/** A channel of how a symbol's feeds are, `*` standing for every symbol. */
export type StatusChannelName<Symbol extends string = string> = `status:${Symbol}`;

/** Which side of quotes bars are of, or that they tell of all; without one they are of the price. */
type SideSuffix = "" | ":bid" | ":ask" | ":quote";

/** A channel of bars, `*` standing for every symbol. */
export type BarsChannelName<Symbol extends string = string> = `ohlc:${Symbol}:${ChannelInterval}${SideSuffix}`;

/** What can be followed. A text that is put together in place (`` `ticks:${symbol}` ``) is one; any other is checked by `isChannelName`. */
export type ChannelName = TicksChannelName | BarsChannelName | StatusChannelName;

import { IsAnyText, IsOneOf, MayBeAbsent } from "./decorators.js";
import { Describe } from "./field-schema.js";
import { SHORT_NAMES, STORED_INTERVALS } from "./interval.js";
import { SymbolsOrAllQuery } from "./query-dto.js";

/** In either spelling. */
const STREAMED_INTERVALS = [...STORED_INTERVALS, ...Object.values(SHORT_NAMES)];

/** Query of `/ws/ohlc`. */
export class StreamBarsQuery extends SymbolsOrAllQuery {
  static override readonly fields: readonly string[] = ["interval", ...SymbolsOrAllQuery.fields];

  @IsOneOf(STREAMED_INTERVALS)
  interval!: (typeof STREAMED_INTERVALS)[number];
}

/** Query of `/ws/ticks`. */
export class StreamTicksQuery extends SymbolsOrAllQuery {
  static override readonly fields: readonly string[] = [...SymbolsOrAllQuery.fields, "corrections"];

  @MayBeAbsent()
  @Describe("`1`: corrections of ticks are told too.")
  @IsOneOf(["0", "1"])
  corrections?: "0" | "1";
}

/** Query of `GET /sse`. */
export class EventsQuery {
  static readonly fields: readonly string[] = ["channels", "last_event_id"];

  @Describe("Channels as `/ws` takes them, with commas: `ticks:EURUSD,ohlc:EURUSD:minute`.")
  @IsAnyText({ example: "ticks:EURUSD" })
  channels!: string;

  @MayBeAbsent()
  @Describe("Where to go on, for those who cannot send the header `Last-Event-ID`, which counts more.")
  @IsAnyText()
  last_event_id?: string;
}

import { IsAnyText, IsIntegerText, IsIntervalName, IsOneOf, IsZone, MayBeAbsent } from "./decorators.js";
import { Describe } from "./field-schema.js";
import type { AnyInterval } from "./interval.js";
import { SymbolsOrAllQuery } from "./query-dto.js";

/** Query of `/ws/ohlc`. */
export class StreamBarsQuery extends SymbolsOrAllQuery {
  static override readonly fields: readonly string[] = [
    ...["interval", "day_start_hour", "timezone"],
    ...SymbolsOrAllQuery.fields,
  ];

  @Describe("Any interval of `GET /ohlc`.")
  @IsIntervalName()
  interval!: AnyInterval;

  @MayBeAbsent()
  @Describe("Local hour where the FX day starts, for 45m and intervals of 2h or more.")
  @IsIntegerText(0, 23)
  day_start_hour?: number;

  @MayBeAbsent()
  @Describe("IANA zone of that hour.")
  @IsZone()
  timezone?: string;
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

  @Describe("Channels as `/ws` takes them, with commas: `ticks:EURUSD,ohlc:EURUSD:5m`.")
  @IsAnyText({ example: "ticks:EURUSD" })
  channels!: string;

  @MayBeAbsent()
  @Describe("Where to go on, for those who cannot send the header `Last-Event-ID`, which counts more.")
  @IsAnyText()
  last_event_id?: string;
}

import { FAMILY_NAMES, type FamilyName } from "./channel.js";
import {
  IsAnyText,
  IsIntegerText,
  IsIntervalName,
  IsOneOf,
  IsRangeTime,
  IsReason,
  IsSymbol,
  IsSymbolList,
  IsTime,
  IsZone,
  MayBeAbsent,
} from "./decorators.js";
import { Describe } from "./field-schema.js";
import type { AnyInterval } from "./interval.js";
import { TICKS_PER_STAMP_MAX } from "./tick.js";
import { type Micros, TIME_UNITS, type TimeUnit } from "./time.js";

/** Path of `DELETE /ticks/{symbol}/{time}`. */
export class StampPath {
  static readonly fields: readonly string[] = ["symbol", "time"];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  time!: Micros;
}

const OF_REASON = "Why: `GET /revisions` tells it.";

/** Which tick of a stamp. */
class SeqQuery {
  static readonly fields: readonly string[] = ["seq"];

  @MayBeAbsent()
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  seq?: number;
}

/** Query of `DELETE /ticks/{symbol}/{time}`. */
export class DeleteTickQuery extends SeqQuery {
  static override readonly fields: readonly string[] = [...SeqQuery.fields, "reason"];

  @MayBeAbsent()
  @Describe(OF_REASON)
  @IsReason()
  reason?: string;
}

/** Query of `PUT /ticks`. */
export class TickKeyQuery extends SeqQuery {
  static override readonly fields: readonly string[] = [...StampPath.fields, ...SeqQuery.fields];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  time!: Micros;
}

/** Query of `DELETE /ticks`. */
export class TickRangeQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "reason"];

  @IsSymbol()
  symbol!: string;

  @IsRangeTime()
  start!: Micros;

  @IsRangeTime()
  end!: Micros;

  @MayBeAbsent()
  @Describe(OF_REASON)
  @IsReason()
  reason?: string;
}

/** Query of `POST /ticks`. */
export class TickQuery {
  static readonly fields: readonly string[] = ["time_unit"];

  @MayBeAbsent()
  @Describe("What a `time` that is a number counts since 1970; without it a number is no time.")
  @IsOneOf(TIME_UNITS)
  time_unit?: TimeUnit;
}

/** Query of `POST /ticks/bulk`. */
export class BulkQuery extends TickQuery {
  static override readonly fields: readonly string[] = ["on_error", ...TickQuery.fields];

  @MayBeAbsent()
  @IsOneOf(["stop", "skip"])
  on_error?: "stop" | "skip";
}

/** Precisions as line protocol names them, those of either version. */
const PRECISIONS: Readonly<Record<string, TimeUnit>> = { n: "ns", ns: "ns", u: "us", us: "us", ms: "ms", s: "s" };

/** What a time of line protocol counts, in whichever words. */
export function unitOfPrecision(precision: string | undefined): TimeUnit {
  return PRECISIONS[precision ?? "ns"] ?? "ns";
}

/** Query of `POST /write`, as clients of QuestDB and of both versions of InfluxDB send it. */
export class WriteQuery {
  static readonly fields: readonly string[] = ["precision", "strict", "db", "bucket", "org"];

  @MayBeAbsent()
  @Describe("What times count since 1970; nanoseconds when absent.")
  @IsOneOf(Object.keys(PRECISIONS))
  precision?: string;

  @MayBeAbsent()
  @Describe("`1` refuses tags and fields that ticks have not; otherwise they are ignored, and counted in `X-Ignored`.")
  @IsOneOf(["0", "1"])
  strict?: "0" | "1";

  @MayBeAbsent()
  @Describe("Ignored.")
  @IsAnyText()
  db?: string;

  @MayBeAbsent()
  @Describe("Ignored.")
  @IsAnyText()
  bucket?: string;

  @MayBeAbsent()
  @Describe("Ignored.")
  @IsAnyText()
  org?: string;
}

/** Query of the plain WebSocket endpoints. */
export class SymbolsOrAllQuery {
  static readonly fields: readonly string[] = ["symbol"];

  @MayBeAbsent()
  @Describe("Every symbol when absent.")
  @IsSymbolList()
  symbol?: readonly string[];
}

/** Query of `GET /internal/anchor`. */
export class AnchorQuery extends SymbolsOrAllQuery {
  static override readonly fields: readonly string[] = [
    ...SymbolsOrAllQuery.fields,
    ...["family", "interval", "day_start_hour", "timezone"],
  ];

  @MayBeAbsent()
  @Describe("`quote`: with what quotes were in the bars.")
  @IsOneOf(FAMILY_NAMES)
  family?: FamilyName;

  @MayBeAbsent()
  @Describe("The stored ones when absent: minute, hour and day.")
  @IsIntervalName()
  interval?: AnyInterval;

  @MayBeAbsent()
  @IsIntegerText(0, 23)
  day_start_hour?: number;

  @MayBeAbsent()
  @IsZone()
  timezone?: string;
}

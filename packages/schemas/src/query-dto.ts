import { IsIn, ValidateBy } from "class-validator";
import { isTimezone } from "./calendar.js";
import { IsIntegerText, IsIntervalName, IsSymbol, IsSymbolList, IsTime, MayBeAbsent } from "./decorators.js";
import { TICKS_PER_STAMP_MAX } from "./tick.js";

/** Rows one answer holds when `limit` is absent, and at most. */
export const LIMIT_DEFAULT = 1000;
export const LIMIT_MAX = 10_000;

function IsZone(): PropertyDecorator {
  return ValidateBy({
    name: "isZone",
    validator: {
      validate: (value: unknown) => typeof value === "string" && isTimezone(value),
      defaultMessage: () => "must be an IANA time zone such as America/New_York",
    },
  });
}

/** Query of `PUT /ticks`. */
export class TickKeyQuery {
  static readonly fields: readonly string[] = ["symbol", "time", "seq"];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  time!: string;

  @MayBeAbsent()
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  seq?: string;
}

/** Query of `DELETE /ticks/{symbol}/{time}`. */
export class SeqQuery {
  static readonly fields: readonly string[] = ["seq"];

  @MayBeAbsent()
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  seq?: string;
}

/** Query of `DELETE /ticks`. */
export class TickRangeQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end"];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  start!: string;

  @IsTime()
  end!: string;
}

/** Query of `POST /ticks/bulk`. */
export class BulkQuery {
  static readonly fields: readonly string[] = ["on_error"];

  @MayBeAbsent()
  @IsIn(["stop", "skip"], { message: "must be stop or skip" })
  on_error?: "stop" | "skip";
}

/** What every paged read takes. */
abstract class RangeQuery {
  @IsSymbol()
  symbol!: string;

  @IsTime()
  start!: string;

  /** Now when absent. */
  @MayBeAbsent()
  @IsTime()
  end?: string;

  @MayBeAbsent()
  @IsIntegerText(1, LIMIT_MAX)
  limit?: string;
}

/** Query of `GET /ticks`. */
export class TicksQuery extends RangeQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "limit", "after_seq"];

  /** Paging cursor: only ticks after (`start`, `after_seq`). */
  @MayBeAbsent()
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  after_seq?: string;
}

/** Query of `GET /ohlc/minute|hour`. */
export class BarsQuery extends RangeQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "limit"];
}

/** Query of `GET /ohlc/day` and `/ohlc/custom-day`. */
export class DayBarsQuery extends RangeQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "limit", "day_start_hour", "timezone"];

  @MayBeAbsent()
  @IsIntegerText(0, 23)
  day_start_hour?: string;

  @MayBeAbsent()
  @IsZone()
  timezone?: string;
}

/** Query of `GET /ohlc/latest`. */
export class LatestQuery {
  static readonly fields: readonly string[] = ["symbol", "interval"];

  @IsSymbolList()
  symbol!: string;

  @MayBeAbsent()
  @IsIntervalName()
  interval?: string;
}

/** Query of `GET /internal/anchor`. */
export class AnchorQuery {
  static readonly fields: readonly string[] = ["symbol"];

  /** Every symbol when absent. */
  @MayBeAbsent()
  @IsSymbolList()
  symbol?: string;
}

/** Query of the plain WebSocket endpoints. */
export class StreamQuery {
  static readonly fields: readonly string[] = ["symbol"];

  /** Every symbol when absent. */
  @MayBeAbsent()
  @IsSymbolList()
  symbol?: string;
}

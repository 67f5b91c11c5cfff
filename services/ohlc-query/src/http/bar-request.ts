import type { IncomingMessage } from "node:http";
import {
  type AnyInterval,
  type BarFormat,
  type BarsQuery,
  bucketStart,
  type DayBarsQuery,
  type FieldError,
  type FileFormat,
  type FillName,
  type Interval,
  type IntervalBarsQuery,
  parseInterval,
  takesDayBoundary,
} from "@fx-ohlc/schemas";
import { malformed } from "@fx-ohlc/service-kit";
import type { BarRange } from "../bars/bar-page.js";
import { type BarForm, formOf } from "../formats/bar-form.js";
import { isFileFormat, type Output } from "../formats/table-body.js";
import type { Reader } from "../reader.js";
import { outputOf } from "./output.js";
import { boundaryOf, clampInstant, rangeOf } from "./ranges.js";
import { severalErrors, symbolsOf } from "./symbol-list.js";

/** A checked request for bars. */
export interface BarRequest {
  /** Of the first symbol. */
  readonly range: BarRange;
  /** Of the others, whose bars follow. */
  readonly later: readonly BarRange[];
  /** The first bars of the range, the last, or every one of them, however many there are. */
  readonly take: "first" | "last" | "all";
  readonly fill: FillName;
  readonly form: BarForm;
  /** Of a file the form is that of a text with the same columns. */
  readonly output: Output;
}

type BoundaryParameters = Pick<DayBarsQuery, "day_start_hour" | "timezone">;
type CursorParameters = Pick<IntervalBarsQuery, "after_seq" | "before_seq">;

/** Parameters that contradict the interval asked for. */
export function boundaryErrors(query: BoundaryParameters, interval: AnyInterval): FieldError[] {
  const isNamed = query.day_start_hour !== undefined || query.timezone !== undefined;
  const time = parseInterval(interval);
  if (!isNamed || (time !== undefined && takesDayBoundary(time))) return [];
  const named = (["day_start_hour", "timezone"] as const).filter((field) => query[field] !== undefined);
  return named.map((field) => ({ field, message: `is for 45m and intervals of 2h or more, not for ${interval}` }));
}

/** @throws Problem 400 for a day boundary that touches no bar of the interval */
export function requireBoundaryFits(query: BoundaryParameters, interval: AnyInterval): void {
  const errors = boundaryErrors(query, interval);
  if (errors.length > 0) throw malformed(errors);
}

/** Both say how many bars, of one end or the other. */
export function countErrors({ count, limit }: Pick<BarsQuery, "count" | "limit">): FieldError[] {
  if (count === undefined || limit === undefined) return [];
  return [{ field: "count", message: "takes the last bars and limit the first: give one of them" }];
}

/** Cursors that only bars of ticks have. */
function cursorErrors(query: CursorParameters, interval: Interval): FieldError[] {
  const named = (["after_seq", "before_seq"] as const).filter((field) => query[field] !== undefined);
  return named.map((field) => ({ field, message: `is for bars of ticks, not for ${interval}` }));
}

/** @throws Problem 400 for a format that has no place for what is to stand beside the prices */
export function requireRoomBeside({ format, include }: BarForm): void {
  if (format !== "ccxt" || include.length === 0) return;
  throw malformed([{ field: "include", message: "is for formats with names, not for candles of ccxt" }]);
}

/** @throws Problem 400 for a format that cannot be sent before its end is known */
export function requireStreamable(limit: number | "all" | undefined, format: BarFormat | FileFormat): void {
  if (limit !== "all" || format !== "columns") return;
  throw malformed([{ field: "limit", message: "all is for formats whose rows follow one another, not for columns" }]);
}

/**
 * What a checked query for bars of an interval asks for.
 *
 * @throws Problem 400 naming parameters that make no sense together, 406 when no format is acceptable
 */
export function barRequest(
  req: IncomingMessage,
  query: BarsQuery & BoundaryParameters & CursorParameters,
  interval: Interval,
  reader: Reader,
): BarRequest {
  const { count, limit, fill = "none" } = query;
  const symbols = symbolsOf(query);
  const errors = [
    ...boundaryErrors(query, interval),
    ...cursorErrors(query, interval),
    ...countErrors(query),
    ...severalErrors(query),
  ];
  if (errors.length > 0) throw malformed(errors);
  const output = outputOf(req, query);
  const form = formOf(isFileFormat(output.format) ? "csv" : output.format, query.price, query.include);
  requireStreamable(limit, form.format);
  requireRoomBeside(form);
  const boundary = boundaryOf(query, reader.dayBoundary);
  const paged = count === undefined ? query : { ...query, limit: count };
  const nowUs = reader.nowUs();
  const { fromUs, toUs: endUs, limit: rows } = rangeOf(paged, nowUs);
  const { withQuotes } = form;
  const toUs = query.complete === true ? Math.min(endUs, bucketStart(nowUs, interval, boundary)) : endUs;
  const [first, ...others] = symbols;
  const range = { symbol: first, fromUs, toUs, limit: rows, interval, boundary, withQuotes };
  return {
    range: query.first_start === undefined ? range : { ...range, fromUs: clampInstant(query.first_start) },
    later: others.map((symbol) => ({ ...range, symbol })),
    take: count === undefined ? (limit === "all" ? "all" : "first") : "last",
    ...{ fill, form, output },
  };
}

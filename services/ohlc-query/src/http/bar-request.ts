import {
  type BarsQuery,
  type DayBarsQuery,
  type FieldError,
  type Interval,
  type Micros,
  takesDayBoundary,
} from "@fx-ohlc/schemas";
import { malformed } from "@fx-ohlc/service-kit";
import type { BarRange } from "../bars/bar-page.js";
import type { Reader } from "../reader.js";
import { boundaryOf, rangeOf } from "./ranges.js";

/** A checked request for bars. */
export interface BarRequest {
  readonly range: BarRange;
  /** Whether the last bars of the range are wanted, not the first. */
  readonly fromEnd: boolean;
}

type BoundaryParameters = Pick<DayBarsQuery, "day_start_hour" | "timezone">;

/** Parameters that contradict the interval asked for. */
function boundaryErrors(query: BoundaryParameters, interval: Interval): FieldError[] {
  if (takesDayBoundary(interval)) return [];
  const named = (["day_start_hour", "timezone"] as const).filter((field) => query[field] !== undefined);
  return named.map((field) => ({ field, message: `is for intervals of 2h or more, not for ${interval}` }));
}

/** @throws Problem 400 for a day boundary that touches no bar of the interval */
export function requireBoundaryFits(query: BoundaryParameters, interval: Interval): void {
  const errors = boundaryErrors(query, interval);
  if (errors.length > 0) throw malformed(errors);
}

/**
 * What a checked query for bars of an interval asks for.
 *
 * @throws Problem 400 naming parameters that make no sense together
 */
export function barRequest(
  query: BarsQuery & BoundaryParameters,
  interval: Interval,
  reader: Reader,
  nowUs: Micros,
): BarRequest {
  const { count, limit } = query;
  const errors = boundaryErrors(query, interval);
  if (count !== undefined && limit !== undefined) {
    errors.push({ field: "count", message: "takes the last bars and limit the first: give one of them" });
  }
  if (errors.length > 0) throw malformed(errors);
  const boundary = boundaryOf(query, reader.dayBoundary);
  const range = { ...rangeOf(count === undefined ? query : { ...query, limit: count }, nowUs), interval, boundary };
  return { range, fromEnd: count !== undefined };
}

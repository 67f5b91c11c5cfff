import { isNativeError } from "node:util/types";
import { DeadlineError } from "./deadline.js";
import { Problem, type ProblemCode, unavailable } from "./problem.js";

/** Translates errors of a service's own world (a database's SQLSTATEs, say); undefined leaves them to the general mapping. */
export type ErrorMapping = (error: unknown) => Problem | undefined;

/** Statuses that Express and its router put on what they throw at a client's mistake. */
const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: "malformed",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  413: "too_large",
  415: "unsupported_media_type",
  421: "misdirected",
  422: "invalid",
  429: "too_many_requests",
};

/** A client's mistake, as `http-errors` (used by Express) marks it. */
function clientMistake(error: Error): Problem | undefined {
  const status = "status" in error ? error.status : undefined;
  if (typeof status !== "number" || status < 400 || status > 499) return undefined;
  return new Problem(CODE_OF_STATUS[status] ?? "malformed", error.message, { cause: error });
}

/**
 * The problem that answers anything thrown below a request. What nobody expected becomes `internal`, whose detail says nothing
 * about the inside.
 */
export function problemOf(error: unknown, mapping?: ErrorMapping): Problem {
  if (error instanceof Problem) return error;
  const mapped = mapping?.(error);
  if (mapped !== undefined) return mapped;
  if (error instanceof DeadlineError) return unavailable("A dependency of this service", error);
  if (error instanceof URIError) {
    return new Problem("malformed", "The URL holds a malformed percent-escape.", { cause: error });
  }
  const mistake = isNativeError(error) ? clientMistake(error) : undefined;
  const detail = "Something went wrong on this side; quote request_id when reporting it.";
  return mistake ?? new Problem("internal", detail, { cause: error });
}

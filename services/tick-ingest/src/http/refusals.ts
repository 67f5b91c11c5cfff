import { type FieldError, type NewTick, OLDER_THAN_RETENTION, TICKS_PER_STAMP_MAX } from "@fx-ohlc/schemas";
import { Problem, type ProblemOptions, summary } from "@fx-ohlc/service-kit";
import type { Refusal } from "../write/slot-allocator.js";

/** Bad rows one answer lists. */
export const ERRORS_LISTED_MAX = 100;

/**
 * The problem for refused values. When retention is the only reason, it has a type of its own.
 *
 * @param count how many there are, where not all of them were kept
 */
export function invalidTicks(
  errors: readonly FieldError[],
  options: ProblemOptions = {},
  count = errors.length,
): Problem {
  const listed = errors.slice(0, ERRORS_LISTED_MAX);
  if (errors.every((error) => error.message === OLDER_THAN_RETENTION)) {
    return new Problem("older_than_retention", summary(listed, count), { ...options, errors: listed });
  }
  const extensions = { error_count: count, ...options.extensions };
  return new Problem("invalid", summary(listed, count), { ...options, errors: listed, extensions });
}

/** What is said of a tick that found no slot. */
export function refusalError(path: string, tick: NewTick | undefined, { reason }: Refusal): FieldError {
  switch (reason) {
    case "conflict":
      return { field: `${path}seq`, message: `${tick?.seq} of this symbol and time is stored with ${otherThan(tick)}` };
    case "stamp_full":
      return { field: `${path}time`, message: `a symbol holds at most ${TICKS_PER_STAMP_MAX} ticks of one time` };
    case "older_than_retention":
      return { field: `${path}time`, message: OLDER_THAN_RETENTION };
    case "too_many_symbols":
      return { field: `${path}symbol`, message: TOO_MANY_SYMBOLS };
    case "unregistered_symbol":
      return { field: `${path}symbol`, message: "is not registered: PUT /symbols/{symbol} adds it" };
  }
}

function otherThan(tick: NewTick | undefined): string {
  return tick?.bid === undefined ? "another price" : "another bid or ask";
}

/** How soon somebody may have removed a symbol, s. */
const SYMBOLS_RETRY_AFTER_S = 60;
const TOO_MANY_SYMBOLS =
  "is new, and there are as many symbols as SYMBOLS_MAX allows: DELETE /symbols/{symbol} removes one that holds nothing";

/** The problem for a symbol that nothing is stored of, for there are too many. */
export function tooManySymbols(
  errors: readonly FieldError[] = [{ field: "symbol", message: TOO_MANY_SYMBOLS }],
  options: ProblemOptions = {},
  count = errors.length,
): Problem {
  const listed = errors.slice(0, ERRORS_LISTED_MAX);
  return new Problem("too_many_requests", summary(listed, count), {
    ...options,
    errors: listed,
    retryAfterS: SYMBOLS_RETRY_AFTER_S,
  });
}

/**
 * The problem for ticks that found no slot: a conflict if one of them named its `seq`.
 *
 * @param errors what is said of the first of them at least
 */
export function refusedTicks(
  errors: readonly FieldError[],
  refusals: readonly Refusal[],
  options: ProblemOptions = {},
): Problem {
  const count = Math.max(errors.length, refusals.length);
  if (refusals.some(({ reason }) => reason === "conflict")) {
    const listed = errors.slice(0, ERRORS_LISTED_MAX);
    return new Problem("conflict", summary(listed, count), { ...options, errors: listed });
  }
  if (refusals.some(({ reason }) => reason === "too_many_symbols")) return tooManySymbols(errors, options, count);
  return invalidTicks(errors, options, count);
}

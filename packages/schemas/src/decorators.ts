import { ValidateBy, ValidateIf } from "class-validator";
import { isTimezone } from "./calendar.js";
import { INTERVALS, parseInterval } from "./interval.js";
import { normalizeSymbol, SYMBOL_RULE } from "./symbol.js";
import { priceProblem, seqProblem } from "./tick.js";
import { parseTime, TIME_RULE } from "./time.js";

/**
 * The decorators of the DTOs. Each wraps the one function that also serves the bulk path, so that a value is refused in the
 * same words wherever it is sent.
 */
function check(name: string, problem: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => problem(value) === undefined,
      defaultMessage: (args) => problem(args?.value) ?? name,
    },
  });
}

/** May be absent. Unlike class-validator's IsOptional it refuses null. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

export function IsSymbol(): PropertyDecorator {
  return check("isSymbol", (value) => (normalizeSymbol(value) === undefined ? SYMBOL_RULE : undefined));
}

/** A comma-separated list of symbols. */
export function IsSymbolList(): PropertyDecorator {
  const ok = (value: unknown) =>
    typeof value === "string" && value.split(",").every((symbol) => normalizeSymbol(symbol) !== undefined);
  return check("isSymbolList", (value) => (ok(value) ? undefined : `each ${SYMBOL_RULE}`));
}

export function IsTime(): PropertyDecorator {
  const message = (value: unknown) =>
    typeof value === "string" && / \d\d:\d\d$/.test(value) ? `${TIME_RULE}; in a URL write + as %2B` : TIME_RULE;
  return check("isTime", (value) => (parseTime(value) === undefined ? message(value) : undefined));
}

export function IsPrice(): PropertyDecorator {
  return check("isPrice", priceProblem);
}

export function IsSeq(): PropertyDecorator {
  return check("isSeq", seqProblem);
}

/** An integer in a query string, within [min, max]. */
export function IsIntegerText(min: number, max: number): PropertyDecorator {
  const ok = (value: unknown) =>
    typeof value === "string" && /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
  return check("isIntegerText", (value) => (ok(value) ? undefined : `must be an integer from ${min} to ${max}`));
}

export function IsIntervalName(): PropertyDecorator {
  return check("isIntervalName", (value) =>
    parseInterval(value) === undefined ? `must be one of ${INTERVALS.join(" ")}` : undefined,
  );
}

export function IsZone(): PropertyDecorator {
  return check("isZone", (value) =>
    typeof value === "string" && isTimezone(value) ? undefined : "must be an IANA time zone such as America/New_York",
  );
}

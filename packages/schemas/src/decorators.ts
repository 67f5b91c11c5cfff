import { ValidateBy, ValidateIf, type ValidationArguments } from "class-validator";
import { describedBy, type JsonSchema } from "./field-schema.js";
import { INTERVALS, parseInterval, STORED_INTERVALS } from "./interval.js";
import { normalizeSymbol, SYMBOL_PATTERN, SYMBOL_RULE } from "./symbol.js";
import { priceProblem, seqProblem, TICKS_PER_STAMP_MAX } from "./tick.js";
import { parseTime, TIME_RULE } from "./time.js";
import { isTimezone } from "./zone.js";

/**
 * The decorators of the DTOs. Each wraps the one function that also serves the bulk path, so that a value is refused in the
 * same words wherever it is sent.
 */
function check(name: string, schema: JsonSchema, problem: (value: unknown) => string | undefined): PropertyDecorator {
  const validator = {
    validate: (value: unknown) => problem(value) === undefined,
    defaultMessage: (args?: ValidationArguments) => problem(args?.value) ?? name,
  };
  return ValidateBy({ name, validator }, describedBy(schema));
}

/** May be absent. Unlike class-validator's IsOptional it refuses null. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

const SYMBOL = { type: "string", pattern: SYMBOL_PATTERN.source };

/** Any text; `schema` says more of it to the documents. */
export function IsAnyText(schema: JsonSchema = {}): PropertyDecorator {
  return check("isAnyText", { type: "string", ...schema }, (value) =>
    typeof value === "string" ? undefined : "must be text",
  );
}

export function IsSymbol(): PropertyDecorator {
  return check("isSymbol", SYMBOL, (value) => (normalizeSymbol(value) === undefined ? SYMBOL_RULE : undefined));
}

/** A comma-separated list of symbols. */
export function IsSymbolList(): PropertyDecorator {
  const ok = (value: unknown) =>
    typeof value === "string" && value.split(",").every((symbol) => normalizeSymbol(symbol) !== undefined);
  return check("isSymbolList", { type: "array", items: SYMBOL, minItems: 1 }, (value) =>
    ok(value) ? undefined : `each ${SYMBOL_RULE}`,
  );
}

const TIME = "RFC 3339 with `Z` or an offset, at most six fraction digits.";

export function IsTime(): PropertyDecorator {
  const message = (value: unknown) =>
    typeof value === "string" && / \d\d:\d\d$/.test(value) ? `${TIME_RULE}; in a URL write + as %2B` : TIME_RULE;
  return check("isTime", { type: "string", format: "date-time", description: TIME }, (value) =>
    parseTime(value) === undefined ? message(value) : undefined,
  );
}

export function IsPrice(): PropertyDecorator {
  return check("isPrice", { type: "number", exclusiveMinimum: 0 }, priceProblem);
}

export function IsSeq(): PropertyDecorator {
  return check("isSeq", { type: "integer", minimum: 0, maximum: TICKS_PER_STAMP_MAX - 1 }, seqProblem);
}

/** An integer in a query string, within [min, max]. */
export function IsIntegerText(min: number, max: number): PropertyDecorator {
  const ok = (value: unknown) =>
    typeof value === "string" && /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
  const rule = `must be an integer from ${min} to ${max}`;
  return check("isIntegerText", { type: "integer", minimum: min, maximum: max }, (value) =>
    ok(value) ? undefined : rule,
  );
}

/** Whole seconds since 1970, negative before. */
export function IsUnixTime(): PropertyDecorator {
  const ok = (value: unknown) => typeof value === "string" && /^-?\d{1,12}$/.test(value);
  return check("isUnixTime", { type: "integer" }, (value) =>
    ok(value) ? undefined : "must be whole seconds since 1970",
  );
}

/** A number of rows in a query string, within [1, max], or `all`. */
export function IsRowLimit(max: number): PropertyDecorator {
  const ok = (value: unknown) =>
    value === "all" ||
    (typeof value === "string" && /^\d{1,15}$/.test(value) && Number(value) >= 1 && Number(value) <= max);
  const schema = { anyOf: [{ type: "integer", minimum: 1, maximum: max }, { const: "all" }] };
  return check("isRowLimit", schema, (value) =>
    ok(value) ? undefined : `must be an integer from 1 to ${max}, or all`,
  );
}

/** One of a few words. */
export function IsOneOf(words: readonly string[]): PropertyDecorator {
  return check("isOneOf", { type: "string", enum: [...words] }, (value) =>
    words.some((word) => word === value) ? undefined : `must be one of ${words.join(", ")}`,
  );
}

export function IsIntervalName(): PropertyDecorator {
  return check("isIntervalName", { type: "string", enum: [...INTERVALS, ...STORED_INTERVALS] }, (value) =>
    parseInterval(value) === undefined ? `must be one of ${INTERVALS.join(" ")}` : undefined,
  );
}

const ZONES = ["America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe"];

export function IsZone(): PropertyDecorator {
  return check("isZone", { type: "string", pattern: "^[A-Za-z]", examples: ZONES }, (value) =>
    typeof value === "string" && isTimezone(value) ? undefined : "must be an IANA time zone such as America/New_York",
  );
}

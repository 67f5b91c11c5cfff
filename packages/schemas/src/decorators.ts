import { Transform } from "class-transformer";
import { ValidateBy, ValidateIf, type ValidationArguments } from "class-validator";
import { describedBy, type JsonSchema } from "./field-schema.js";
import {
  INTERVALS,
  intervalProblem,
  parseAnyInterval,
  parseResolution,
  RESOLUTION_NAMES,
  STORED_INTERVALS,
  TICK_INTERVAL_PATTERN,
} from "./interval.js";
import { noteField } from "./parsed-fields.js";
import { type Cost, costProblems } from "./quote.js";
import { normalizePrefix, normalizeSidedSymbol, normalizeSymbol, SYMBOL_PATTERN, symbolProblem } from "./symbol.js";
import { seqProblem, TICKS_PER_STAMP_MAX, tickTimeProblem } from "./tick.js";
import { parseRangeTime, parseTime, timeProblem } from "./time.js";
import { isTimezone } from "./zone-name.js";

/**
 * Keeps class-transformer out of an object: it would look into it before the field is parsed, stumble over a `constructor` and
 * leave `__proto__` out.
 */
export function closed(value: unknown): unknown {
  return typeof value === "object" && value !== null ? () => value : value;
}

/** No JSON holds a function: it is one of {@link closed}. */
function opened(value: unknown): unknown {
  return typeof value === "function" ? value() : value;
}

/** Stands in the place of a value that was refused until the DTO's check says why. */
export class Refused {
  constructor(readonly message: string) {}
}

/**
 * A decorator of the DTOs: the field is parsed once, into the typed value that handlers take, and what cannot be parsed is
 * refused. Each wraps the one function that also serves the bulk path, so that a value is refused in the same words wherever it
 * is sent.
 */
export function parsedBy(name: string, schema: JsonSchema, parsePresent: (raw: unknown) => unknown): PropertyDecorator {
  const parse = (raw: unknown) => (raw === undefined ? missing(parsePresent(raw)) : parsePresent(raw));
  const validator = {
    validate: (value: unknown) => value !== undefined && !(value instanceof Refused),
    defaultMessage: (args?: ValidationArguments) => {
      // A field that must be there and is not was never parsed.
      const refused = args?.value === undefined ? parse(undefined) : args.value;
      return refused instanceof Refused ? refused.message : name;
    },
  };
  const decorators = [
    Transform(({ value }) => parse(opened(value))),
    ValidateBy({ name, validator }, describedBy(schema)),
  ];
  return (target, field) => {
    for (const decorate of decorators) decorate(target, field);
    noteField(target, field, { parse });
  };
}

/** What is not there is called missing, before it is said what it must be. */
function missing(parsed: unknown): unknown {
  if (!(parsed instanceof Refused) || SAYS_MISSING.test(parsed.message)) return parsed;
  return new Refused(`is required, and ${parsed.message}`);
}

const SAYS_MISSING = /\bis (required|missing)\b/;

/** The parsed value, or its refusal where there is none. */
function orRefused(value: unknown, message: string): unknown {
  return value === undefined ? new Refused(message) : value;
}

/** A value that is taken as it is unless there is a problem with it. */
function unless(problem: (value: unknown) => string | undefined): (raw: unknown) => unknown {
  return (raw) => {
    const message = problem(raw);
    return message === undefined ? raw : new Refused(message);
  };
}

/** May be absent. Unlike class-validator's IsOptional it refuses null. */
export function MayBeAbsent(): PropertyDecorator {
  return mayBeAbsent(() => true);
}

/** May be absent where another field is there. */
export function MayBeAbsentWith(other: string): PropertyDecorator {
  return mayBeAbsent((dto) => dto[other] !== undefined);
}

function mayBeAbsent(isFine: (dto: Readonly<Record<string, unknown>>) => boolean): PropertyDecorator {
  const decorate = ValidateIf((dto, value) => value !== undefined || !isFine(dto));
  return (target, field) => {
    decorate(target, field);
    noteField(target, field, { mayBeAbsent: isFine });
  };
}

const SYMBOL = { type: "string", pattern: SYMBOL_PATTERN.source };

/** Any text; `schema` says more of it to the documents. */
export function IsAnyText(schema: JsonSchema = {}): PropertyDecorator {
  const { example } = schema;
  const missing = example === undefined ? "is required" : `is required, such as ${example}`;
  return parsedBy("isAnyText", { type: "string", ...schema }, (raw) =>
    typeof raw === "string" ? raw : new Refused(raw === undefined ? missing : "must be text"),
  );
}

/** What no text of PostgreSQL holds, nor any of its JSON: NUL, and half of a pair of UTF-16. */
const UNSTORABLE = /[\0\p{Cs}]/u;

/** Any text that the database can be asked for. */
export function IsStorableText(): PropertyDecorator {
  return parsedBy("isStorableText", { type: "string" }, (raw) =>
    typeof raw === "string" && !UNSTORABLE.test(raw) ? raw : new Refused("must be text without NUL"),
  );
}

/** A symbol, in its stored form. */
export function IsSymbol(): PropertyDecorator {
  return parsedBy("isSymbol", SYMBOL, (raw) => orRefused(normalizeSymbol(raw), symbolProblem(raw)));
}

/** A symbol, or one side of its quotes (`EURUSD:BID`), with the symbol in its stored form. */
export function IsSidedSymbol(): PropertyDecorator {
  return parsedBy("isSidedSymbol", SYMBOL, (raw) => orRefused(normalizeSidedSymbol(raw), symbolProblem(raw)));
}

/** What symbols begin with, in their stored form. */
export function IsSymbolPrefix(): PropertyDecorator {
  return parsedBy("isSymbolPrefix", { type: "string" }, (raw) =>
    orRefused(normalizePrefix(raw), `must be what a symbol begins with, which ${symbolProblem(raw)}`),
  );
}

/** A comma-separated list of symbols, a space allowed after each comma: their stored forms, each once, in the order given. */
export function IsSymbolList(): PropertyDecorator {
  return parsedBy("isSymbolList", { type: "array", items: SYMBOL, minItems: 1 }, (raw) => {
    // One, as nearly all lists are, need not be taken apart.
    const only = typeof raw === "string" && !raw.includes(",") ? normalizeSymbol(raw) : undefined;
    if (only !== undefined) return [only];
    const parts = typeof raw === "string" ? raw.split(/, ?/) : [];
    const symbols = parts.map(normalizeSymbol);
    const refused = parts.find((_part, index) => symbols[index] === undefined);
    const isList = parts.length > 0 && refused === undefined;
    return isList ? [...new Set(symbols)] : new Refused(`each ${symbolProblem(refused)}`);
  });
}

const TIME = "RFC 3339 with `Z` or an offset; of more than six fraction digits six count.";
/** A plus that is not escaped in a URL is a space. */
const LOST_PLUS = /:\d\d(?:\.\d+)? \d\d(?::?\d\d)?$/;

function parseInstant(raw: unknown, timeUs = parseTime(raw)): unknown {
  const lostItsPlus = typeof raw === "string" && LOST_PLUS.test(raw);
  return orRefused(timeUs, lostItsPlus ? `${timeProblem(raw)}; in a URL write + as %2B` : timeProblem(raw));
}

/** A time, as microseconds. */
export function IsTime(): PropertyDecorator {
  return parsedBy("isTime", { type: "string", format: "date-time", description: TIME }, (raw) => parseInstant(raw));
}

const RANGE_TIME = `${TIME} Also a date (midnight UTC), or a whole number since 1970: 10 digits are seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds.`;

/** What begins or ends a range, as microseconds. */
export function IsRangeTime(): PropertyDecorator {
  return parsedBy("isRangeTime", { type: "string", format: "date-time", description: RANGE_TIME }, (raw) =>
    parseInstant(raw, parseRangeTime(raw)),
  );
}

/** A body's field that may be null as well as absent: that is the same. */
export function IsOrNull(schema: JsonSchema, parse: (raw: unknown) => unknown): PropertyDecorator {
  return parsedBy("isOrNull", { anyOf: [schema, { type: "null" }] }, (raw) => (raw === null ? raw : parse(raw)));
}

/** More is no reason any more, but a document. */
const REASON_LENGTH_MAX = 500;
const REASON = { type: "string", minLength: 1, maxLength: REASON_LENGTH_MAX };

function parseReason(raw: unknown): unknown {
  const isReason = typeof raw === "string" && raw !== "" && raw.length <= REASON_LENGTH_MAX && !UNSTORABLE.test(raw);
  return isReason ? raw : new Refused(`must be text of 1 to ${REASON_LENGTH_MAX} characters without NUL`);
}

/** Why something is done. */
export function IsReason(): PropertyDecorator {
  return parsedBy("isReason", REASON, parseReason);
}

export function IsReasonOrNull(): PropertyDecorator {
  return IsOrNull(REASON, parseReason);
}

/** A tick's time: of a single one the server's clock where it is absent. */
export function IsTickTimeOrNull(): PropertyDecorator {
  return IsOrNull({ type: "string", format: "date-time", description: TIME }, (raw) =>
    orRefused(parseTime(raw), tickTimeProblem(raw)),
  );
}

/** A price, or one side of a quote; the fields `price`, `bid` and `ask` of one body say together which of them must be there. */
export function IsCost(): PropertyDecorator {
  const problemOf = (cost: Cost, field: PropertyKey) => costProblems(cost).find((problem) => problem.field === field);
  const validator = {
    validate: (_value: unknown, args?: ValidationArguments) => args === undefined || problemIn(args) === undefined,
    defaultMessage: (args?: ValidationArguments) => (args === undefined ? "" : (problemIn(args) ?? "")),
  };
  const problemIn = ({ object, property }: ValidationArguments) => problemOf(object, property)?.message;
  return (target, field) => {
    // What may be absent is so in the documents, too.
    ValidateIf((object: Cost) => problemOf(object, field) !== undefined)(target, field);
    Transform(({ value }) => value ?? undefined)(target, field);
    ValidateBy({ name: "isCost", validator }, describedBy({ type: "number", exclusiveMinimum: 0 }))(target, field);
  };
}

export function IsSeqOrNull(): PropertyDecorator {
  return IsOrNull({ type: "integer", minimum: 0, maximum: TICKS_PER_STAMP_MAX - 1 }, unless(seqProblem));
}

/** The integer that a text of digits is, within [min, max], of which none is more than is exact. */
function parseInteger(raw: unknown, min: number, max: number): number | undefined {
  if (typeof raw !== "string" || !/^\d{1,16}$/.test(raw)) return undefined;
  const value = Number(raw);
  return value >= min && value <= max ? value : undefined;
}

/** An integer in a query string, within [min, max]. */
export function IsIntegerText(min: number, max: number): PropertyDecorator {
  return parsedBy("isIntegerText", { type: "integer", minimum: min, maximum: max }, (raw) =>
    orRefused(parseInteger(raw, min, max), `must be an integer from ${min} to ${max}`),
  );
}

/** Whole seconds since 1970, negative before. */
export function IsUnixTime(): PropertyDecorator {
  return parsedBy("isUnixTime", { type: "integer" }, (raw) =>
    typeof raw === "string" && /^-?\d{1,12}$/.test(raw) ? Number(raw) : new Refused("must be whole seconds since 1970"),
  );
}

/** A number of rows in a query string, within [1, max], or `all`. */
export function IsRowLimit(max: number): PropertyDecorator {
  const schema = { anyOf: [{ type: "integer", minimum: 1, maximum: max }, { const: "all" }] };
  return parsedBy("isRowLimit", schema, (raw) =>
    raw === "all" ? raw : orRefused(parseInteger(raw, 1, max), `must be an integer from 1 to ${max}, or all`),
  );
}

/** One of a few words. */
export function IsOneOf(words: readonly string[]): PropertyDecorator {
  return parsedBy("isOneOf", { type: "string", enum: [...words] }, (raw) =>
    orRefused(
      words.find((word) => word === raw),
      `must be one of ${words.join(", ")}`,
    ),
  );
}

/** A comma-separated list of a few words, a space allowed after each comma: each once, in the order that `words` have. */
export function IsListOfWords(words: readonly string[]): PropertyDecorator {
  const schema = { type: "array", items: { type: "string", enum: [...words] }, minItems: 1 };
  return parsedBy("isListOfWords", schema, (raw) => {
    const parts = typeof raw === "string" ? raw.split(/, ?/) : [];
    const isList = parts.length > 0 && parts.every((part) => words.includes(part));
    if (!isList) return new Refused(`must be one or more of ${words.join(", ")}, with commas between`);
    return words.filter((word) => parts.includes(word));
  });
}

/** An interval of time in either spelling, in its short one; or one of ticks. */
export function IsIntervalName(): PropertyDecorator {
  const schema = {
    anyOf: [
      { type: "string", enum: [...INTERVALS, ...STORED_INTERVALS] },
      { type: "string", pattern: TICK_INTERVAL_PATTERN.source, examples: ["100t"] },
    ],
  };
  return parsedBy("isIntervalName", schema, (raw) => orRefused(parseAnyInterval(raw), intervalProblem(raw)));
}

/** `true` or `false` in a query string. */
export function IsFlagText(): PropertyDecorator {
  const values: ReadonlyMap<unknown, boolean> = new Map([
    ["true", true],
    ["false", false],
  ]);
  return parsedBy("isFlagText", { type: "boolean" }, (raw) => orRefused(values.get(raw), "must be true or false"));
}

/** What TradingView calls an interval, as the interval. */
export function IsResolution(): PropertyDecorator {
  return parsedBy("isResolution", { type: "string", enum: RESOLUTION_NAMES }, (raw) =>
    orRefused(parseResolution(raw), `must be one of ${RESOLUTION_NAMES.join(", ")}`),
  );
}

const ZONES = ["America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe"];

export function IsZone(): PropertyDecorator {
  return parsedBy("isZone", { type: "string", pattern: "^[A-Za-z]", examples: ZONES }, (raw) =>
    typeof raw === "string" && isTimezone(raw)
      ? raw
      : new Refused("must be an IANA time zone such as America/New_York"),
  );
}

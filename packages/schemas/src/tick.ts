import type { FieldError } from "./field-error.js";
import { type CheckedCost, costOf, costProblems } from "./quote.js";
import { normalizeSymbol, symbolProblem } from "./symbol.js";
import { type Micros, parseTime, TIME_RULE, type TimeUnit, timeOfDigits, timeProblem, US_PER_SECOND } from "./time.js";

/** The place of a tick among those of its symbol: by time, then by seq. */
export interface TickKey {
  readonly timeUs: Micros;
  /** Place among the ticks of its symbol at the same time, 0 first. */
  readonly seq: number;
}

/** A tick as stored, a quote where it has sides. Its symbol and its key identify it. */
export interface Tick extends TickKey, CheckedCost {
  readonly symbol: string;
}

/** A tick as a producer sends it: without `seq` it takes the next free place of its stamp. */
export interface NewTick extends CheckedCost {
  readonly symbol: string;
  readonly timeUs: Micros;
  readonly seq: number | undefined;
  /** It came without a time: it was given one here, so no other tick can be the same one sent before. */
  readonly isStamped: boolean;
  /**
   * Of a streamed body: the number of its run, which is adjacent lines of one symbol and time. Each run is numbered as a request of
   * its own is, wherever the body is cut into chunks. 0 of all ticks of any other request.
   */
  run: number;
}

/** Ticks one (symbol, time) can hold; the database's check constraint says the same. */
export const TICKS_PER_STAMP_MAX = 1024;

/** What a tick is checked against besides its own fields. */
export interface TickRules {
  /** The clock that limits go by. */
  readonly nowUs: Micros;
  /** Stands in for a missing `time`. */
  readonly stampUs: Micros;
  /** How far a producer's clock may be ahead of that. */
  readonly maxClockSkewUs: Micros;
  /** What a `time` that is a number counts; without it a number is no time. */
  readonly timeUnit?: TimeUnit | undefined;
}

/** Of a tick that names none. */
export const DEFAULT_SYMBOL = "EURUSD";
const FIELDS: ReadonlySet<string> = new Set(["symbol", "time", "price", "bid", "ask", "seq"]);

/** Whether two ticks of one symbol and time say the same: both sides of a quote, which never says what a price does. */
export function isSameCost(a: CheckedCost, b: CheckedCost): boolean {
  return a.bid === b.bid && a.ask === b.ask && (a.bid !== undefined || a.price === b.price);
}

/** Why `seq` is refused, or undefined when it is one. */
export function seqProblem(seq: unknown): string | undefined {
  const inRange = typeof seq === "number" && Number.isInteger(seq) && seq >= 0 && seq < TICKS_PER_STAMP_MAX;
  return inRange ? undefined : `must be an integer from 0 to ${TICKS_PER_STAMP_MAX - 1}`;
}

/** Why an instant cannot be a tick's, or undefined when it can. */
export function timeWindowProblem(timeUs: Micros, rules: TickRules): string | undefined {
  if (timeUs < 0) return "must not be before 1970";
  if (timeUs > rules.nowUs + rules.maxClockSkewUs) {
    return `must not be more than ${rules.maxClockSkewUs / US_PER_SECOND} s in the future`;
  }
  return undefined;
}

/** The one refusal that is also a problem type of its own (design §6, retention guard). */
export const OLDER_THAN_RETENTION = "older_than_retention: raw ticks of that time are no longer kept";

/** The refusal of a field no tick has; `known` lists the fields there are. */
export function unknownFieldMessage(known: Iterable<string>): string {
  const names = [...known];
  return `unknown field (known: ${names.length === 0 ? "none" : names.join(", ")})`;
}

const MUST_BE_A_TICK = "must be an object with symbol, time, price (or bid and ask) and seq";

/** @param isSingle whether it is a whole body: an array is meant for another route then */
function objectProblem(raw: unknown, isSingle: boolean): string {
  return isSingle && Array.isArray(raw)
    ? `${MUST_BE_A_TICK}; an array of them goes to POST /ticks/bulk`
    : MUST_BE_A_TICK;
}

/** A time as a tick has it: text, or with `?time_unit=` a number, whose digits may have come as text. */
function tickTime(time: unknown, unit: TimeUnit | undefined): Micros | undefined {
  const epochUs = unit === undefined ? undefined : timeOfDigits(String(time), unit);
  return epochUs ?? parseTime(time);
}

const DIGITS = /^\d+$/;

/** Why {@link tickTime} refuses a time. */
export function tickTimeProblem(time: unknown, unit?: TimeUnit): string {
  if (time === null) return "must not be null: a tick whose time is not known is not one of now";
  if (time === "") return "must not be empty: a tick whose time is not known is not one of now";
  if (typeof time !== "number" && !DIGITS.test(String(time))) return timeProblem(time);
  return unit === undefined
    ? `${TIME_RULE}; a number needs ?time_unit=s, ms, us or ns`
    : `must be whole ${unit} since 1970`;
}

/**
 * The compiled check of the bulk path, some 80 times faster than {@link TickDto}'s decorators; a property test holds the two
 * to the same verdicts.
 *
 * @param raw one parsed row
 * @param path what the row is called in errors: `[3].` or `line 17.`; empty for a single body
 * @param errors collects every bad field of the row
 * @returns the tick, or undefined when errors were added
 */
export function checkTick(raw: unknown, rules: TickRules, path: string, errors: FieldError[]): NewTick | undefined {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    errors.push({ field: path.replace(/\.$/, ""), message: objectProblem(raw, path === "") });
    return undefined;
  }
  const errorsBefore = errors.length;
  const sent = raw as Record<string, unknown>;
  const { symbol = DEFAULT_SYMBOL } = sent;
  const [price, bid, ask] = [orAbsent(sent.price), orAbsent(sent.bid), orAbsent(sent.ask)];
  const seq = orAbsent(sent.seq);
  // Of one tick among many nobody means now: that is a feed without a clock.
  const time = path === "" ? orAbsent(sent.time) : sent.time;
  for (const field of Object.keys(raw)) {
    if (!FIELDS.has(field)) errors.push({ field: `${path}${field}`, message: unknownFieldMessage(FIELDS) });
  }
  const stored = normalizeSymbol(symbol);
  if (stored === undefined) errors.push({ field: `${path}symbol`, message: symbolProblem(symbol) });
  const isStamped = time === undefined;
  const timeUs = isStamped ? rules.stampUs : tickTime(time, rules.timeUnit);
  const timeMessage =
    timeUs === undefined
      ? tickTimeProblem(time, rules.timeUnit)
      : isStamped
        ? undefined
        : timeWindowProblem(timeUs, rules);
  if (timeMessage !== undefined) errors.push({ field: `${path}time`, message: timeMessage });
  for (const { field, message } of costProblems({ price, bid, ask })) errors.push({ field: path + field, message });
  const seqMessage = seq === undefined ? undefined : seqProblem(seq);
  if (seqMessage !== undefined) errors.push({ field: `${path}seq`, message: seqMessage });
  if (errors.length > errorsBefore || stored === undefined || timeUs === undefined) return undefined;
  // What is no number was refused above.
  const cost = costOf({ price, bid, ask } as Partial<CheckedCost>);
  return newTick(stored, timeUs, seq as number | undefined, cost, isStamped);
}

/** Serializers write null for a field that is not set. */
function orAbsent(value: unknown): unknown {
  return value === null ? undefined : value;
}

/** With all fields, present or not: ticks of two shapes would cost whoever handles many of them. */
function newTick(
  symbol: string,
  timeUs: Micros,
  seq: number | undefined,
  { price, bid, ask }: CheckedCost,
  isStamped: boolean,
): NewTick {
  return { symbol, timeUs, seq, price, bid, ask, isStamped, run: 0 };
}

import { Field, type FieldDecorator, type JsonSchema, type Shape } from "./field-schema.js";
import { SYMBOL_LENGTH_MAX } from "./symbol.js";
import { TICKS_PER_STAMP_MAX } from "./tick.js";

/**
 * The kinds of field that answers and messages are made of. What comes out is narrower than what is taken in: symbols are in
 * their stored form, times in UTC with a fixed number of digits.
 */

/** Text for people or for a program to hand back; `schema` narrows it. */
export function IsText(schema: JsonSchema = {}): FieldDecorator<string> {
  return Field({ type: "string", ...schema });
}

export function IsStoredSymbol(): FieldDecorator<string> {
  return IsText({ pattern: `^[A-Z0-9._+#:@&-]{1,${SYMBOL_LENGTH_MAX}}$` });
}

/** A tick's time: UTC with six fraction digits. */
export function IsTickTime(): FieldDecorator<string> {
  return IsText({ format: "date-time", pattern: "\\.\\d{6}Z$" });
}

/** The same, or null where there is none. */
export function IsTickTimeOrNull(): FieldDecorator<string | null> {
  return Field({ type: ["string", "null"], format: "date-time", pattern: "\\.\\d{6}Z$" });
}

export function IsTextOrNull(schema: JsonSchema = {}): FieldDecorator<string | null> {
  return Field({ type: ["string", "null"], ...schema });
}

/** A bucket's start: UTC in whole seconds, or, where it is a tick's time, with six fraction digits. */
export function IsBucket(): FieldDecorator<string> {
  return IsText({ format: "date-time", pattern: ":\\d\\d(?:\\.\\d{6})?Z$" });
}

/** Some instant of this system's clock, in UTC. */
export function IsInstant(): FieldDecorator<string> {
  return IsText({ format: "date-time", pattern: "Z$" });
}

/** The name of an FX day. */
export function IsDate(): FieldDecorator<string> {
  return IsText({ format: "date" });
}

export function IsStoredPrice(): FieldDecorator<number> {
  return Field({ type: "number", exclusiveMinimum: 0 });
}

/** A price where there may be none, as of a bar without ticks. */
export function IsPriceOrNull(): FieldDecorator<number | null> {
  return Field({ type: ["number", "null"], exclusiveMinimum: 0 });
}

export function IsStoredSeq(): FieldDecorator<number> {
  return Field({ type: "integer", minimum: 0, maximum: TICKS_PER_STAMP_MAX - 1 });
}

export function IsCount(minimum = 0): FieldDecorator<number> {
  return Field({ type: "integer", minimum });
}

export function IsCountOrNull(minimum = 0): FieldDecorator<number | null> {
  return Field({ type: ["integer", "null"], minimum });
}

/** How many decimals there are. */
export function IsDecimalsOrNull(maximum: number): FieldDecorator<number | null> {
  return Field({ type: ["integer", "null"], minimum: 0, maximum });
}

export function IsFlag(): FieldDecorator<boolean> {
  return Field({ type: "boolean" });
}

/** One of a few words; a single one is a constant. */
export function IsWord<const W extends string | true>(...words: readonly [W, ...W[]]): FieldDecorator<W> {
  return Field(words.length === 1 ? { const: words[0] } : { enum: words });
}

export function IsListOf<T extends object>(shape: Shape & (abstract new () => T)): FieldDecorator<readonly T[]> {
  return Field((ref) => ({ type: "array", items: ref(shape) }));
}

/** An object of a class of its own. */
export function IsA<T extends object>(shape: Shape & (abstract new () => T)): FieldDecorator<T> {
  return Field((ref) => ref(shape));
}

/** An object with names nobody knows beforehand, and texts. */
export function IsTextByName(): FieldDecorator<Readonly<Record<string, string>>> {
  return Field({ type: "object", additionalProperties: { type: "string" } });
}

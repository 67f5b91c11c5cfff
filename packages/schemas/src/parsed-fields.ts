/** What the decorators of a DTO say of a field, for those who check it without class-validator. */
export interface ParsedField {
  /** Into the value that handlers take, or a refusal. */
  readonly parse?: (raw: unknown) => unknown;
  /** Given the other fields; never when absent. */
  readonly mayBeAbsent?: (dto: Readonly<Record<string, unknown>>) => boolean;
}

/** By the prototype of a class, its own fields. */
const FIELDS = new WeakMap<object, Map<string | symbol, ParsedField>>();

/** Keeps what one decorator says of a field. */
export function noteField(prototype: object, field: string | symbol, part: ParsedField): void {
  const fields = FIELDS.get(prototype) ?? new Map<string | symbol, ParsedField>();
  FIELDS.set(prototype, fields.set(field, { ...fields.get(field), ...part }));
}

/** The decorated fields of a class and of its bases. */
export function parsedFields(shape: abstract new () => object): ReadonlyMap<string | symbol, ParsedField> {
  const chain: object[] = [];
  for (let at: unknown = shape.prototype; typeof at === "object" && at !== null; at = Object.getPrototypeOf(at)) {
    chain.unshift(at);
  }
  return new Map(chain.flatMap((prototype) => [...(FIELDS.get(prototype) ?? [])]));
}

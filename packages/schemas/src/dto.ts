import "reflect-metadata";
import { plainToInstance } from "class-transformer";
import { validateSync } from "class-validator";
import { closed } from "./decorators.js";
import type { FieldError } from "./field-error.js";
import { unknownFieldMessage } from "./tick.js";

/** A DTO class and the fields it knows. */
export interface DtoClass<T extends object> {
  new (): T;
  /** Every field a sender may name; any other is refused. */
  readonly fields: readonly string[];
}

/** Either the checked DTO or every field that was refused, and whether one of them was not known at all. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: FieldError[]; readonly unknownField: boolean };

/**
 * Checks a parsed body or query against a DTO class.
 *
 * Own keys are compared first: class-transformer drops `__proto__` and `constructor` silently, and a sender should hear of them.
 */
export function checkDto<T extends object>(dto: DtoClass<T>, raw: unknown): Checked<T> {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return { ok: false, errors: [{ field: "", message: "must be a JSON object" }], unknownField: false };
  }
  const unknown = Object.keys(raw).filter((field) => !dto.fields.includes(field));
  const errors: FieldError[] = unknown.map((field) => ({ field, message: unknownFieldMessage(dto.fields) }));
  const fields = Object.entries(raw).filter(([field]) => dto.fields.includes(field));
  const known = Object.fromEntries(fields.map(([field, sent]) => [field, closed(sent)]));
  const value = plainToInstance(dto, known);
  for (const { property, constraints = {} } of validateSync(value)) {
    const [message = "is invalid"] = Object.values(constraints);
    errors.push({ field: property, message });
  }
  return errors.length === 0 ? { ok: true, value } : { ok: false, errors, unknownField: unknown.length > 0 };
}

import type { ValidationOptions } from "class-validator";

/** A JSON Schema (2020-12), as OpenAPI 3.1 and AsyncAPI 3 hold it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A class whose decorated fields describe an object on the wire. */
export type Shape = abstract new () => object;

/** Leads to the schema of another class, wherever the document keeps it. */
export type RefTo = (shape: Shape) => JsonSchema;

/** What a decorator says of a field: a schema, or one made from the schemas of other classes. */
export type FieldSchema = JsonSchema | ((ref: RefTo) => JsonSchema);

/** Decorates a field whose type is `T` or narrower: the compiler holds the schema and the type together. */
export type FieldDecorator<T> = <K extends string>(target: { readonly [P in K]?: T }, field: K) => void;

/**
 * Hands the schema of a field that is checked to the documents by way of class-validator's own metadata, so that a field is
 * described where it is checked and in no second place.
 */
export function describedBy(schema: FieldSchema): ValidationOptions {
  return { context: { schema } };
}

/** What is said of a field apart from its checks. */
export interface DescribedField {
  readonly schema?: FieldSchema;
  readonly description?: string;
  readonly isOptional?: true;
}

/**
 * By the prototype of a class, its own fields. Not in class-validator's storage: at every check it looks at each class in there,
 * and answers are never checked when they are sent. Tests hold them to what is described here.
 */
const FIELDS = new WeakMap<object, Map<string, DescribedField>>();

function describe(prototype: object, field: string, part: DescribedField): void {
  const fields = FIELDS.get(prototype) ?? new Map<string, DescribedField>();
  FIELDS.set(prototype, fields.set(field, { ...fields.get(field), ...part }));
}

/** A field of an answer or a message. */
export function Field<T>(schema: FieldSchema): FieldDecorator<T> {
  return (prototype, field) => describe(prototype, field, { schema });
}

/** A field of an answer or a message that is not always there. */
export function Sometimes(): FieldDecorator<unknown> {
  return (prototype, field) => describe(prototype, field, { isOptional: true });
}

/** A sentence for the documents, for what the field's kind does not say already. */
export function Describe(description: string): FieldDecorator<unknown> {
  return (prototype, field) => describe(prototype, field, { description });
}

/** What {@link Field}, {@link Sometimes} and {@link Describe} say of a class, the fields of its bases first. */
export function describedFields(shape: Shape): ReadonlyMap<string, DescribedField> {
  const chain: object[] = [];
  for (let at: unknown = shape.prototype; typeof at === "object" && at !== null; at = Object.getPrototypeOf(at)) {
    chain.unshift(at);
  }
  return new Map(chain.flatMap((prototype) => [...(FIELDS.get(prototype) ?? [])]));
}

const ABOUT = new WeakMap<Shape, string>();

/** Says in the documents what a class stands for. */
export function About(sentence: string): (shape: Shape) => void {
  return (shape) => {
    ABOUT.set(shape, sentence);
  };
}

/** What {@link About} says of this very class. */
export function aboutOf(shape: Shape): string | undefined {
  return ABOUT.get(shape);
}

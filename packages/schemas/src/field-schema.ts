import { Allow, type ValidationOptions } from "class-validator";

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
 * Hands a field's schema to the documents by way of class-validator's own metadata, so that a field is described where it is
 * checked and in no second place.
 */
export function describedBy(schema: FieldSchema): ValidationOptions {
  return { context: { schema } };
}

/** A field of an answer or a message: described, and not checked again on the way out. Tests hold it to real answers. */
export function Field<T>(schema: FieldSchema): FieldDecorator<T> {
  return Allow(describedBy(schema));
}

/** A sentence for the documents, for what the field's kind does not say already. */
export function Describe(description: string): FieldDecorator<unknown> {
  return Allow(describedBy({ description }));
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

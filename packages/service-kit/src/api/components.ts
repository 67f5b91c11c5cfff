import {
  aboutOf,
  type DescribedField,
  describedFields,
  type FieldSchema,
  type JsonSchema,
  type Shape,
} from "@fx-ohlc/schemas";
import { targetConstructorToSchema } from "class-validator-jsonschema";
import type { BodySchema } from "./route.js";

interface Fields {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** What {@link Components.inline} makes of a class. */
export interface ObjectSchema extends Fields, JsonSchema {}

type Converters = NonNullable<NonNullable<Parameters<typeof targetConstructorToSchema>[1]>["additionalConverters"]>;

const REF = "#/components/schemas/";

/**
 * The schemas of a document by class name, each made when it is first referred to. Of a DTO it is what class-validator
 * checks, which fields there are and which may be absent, and of each what its decorators say (`describedBy`); of an answer what
 * its `Field` decorators say.
 */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>();
  readonly #classes = new Map<string, Shape>();

  /** In the order of their names. */
  get schemas(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** @throws Error when two classes share a name */
  readonly ref = (shape: Shape): JsonSchema => {
    const { name } = shape;
    const known = this.#classes.get(name);
    if (known !== undefined && known !== shape) throw new Error(`two classes are called ${name}`);
    if (known === undefined) {
      this.#classes.set(name, shape);
      this.#schemas.set(name, this.inline(shape));
    }
    return { $ref: REF + name };
  };

  of(body: BodySchema): JsonSchema {
    if (typeof body === "function") return this.ref(body);
    return "schema" in body ? this.resolve(body.schema) : this.#columns(body.columnsOf);
  }

  /** An array for each field, with null where a row has none. */
  #columns(shape: Shape): JsonSchema {
    const { properties = {}, required } = this.inline(shape);
    const columns = Object.entries(properties).map(([name, items]) => [
      name,
      { type: "array", items: { anyOf: [items, { type: "null" }] } },
    ]);
    return { type: "object", properties: Object.fromEntries(columns), required, additionalProperties: false };
  }

  resolve(schema: FieldSchema): JsonSchema {
    return typeof schema === "function" ? schema(this.ref) : schema;
  }

  /** The schema itself, for what a document does not name: the parameters of a route. */
  inline(shape: Shape): ObjectSchema {
    const fields = describedFields(shape);
    const isChecked = [...fields.values()].every(({ schema }) => schema === undefined);
    const { properties = {}, required = [] } = isChecked ? this.#checked(shape) : this.#answered(fields);
    const described = Object.entries(properties).map(([name, schema]): [string, JsonSchema] => {
      const description = fields.get(name)?.description;
      return [name, description === undefined ? schema : { ...schema, description }];
    });
    const description = aboutOf(shape);
    return {
      ...(description === undefined ? {} : { description }),
      type: "object",
      properties: Object.fromEntries(described),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: false,
    };
  }

  /** Of a DTO: what class-validator checks. */
  #checked(shape: Shape): Fields {
    const context: Converters[string] = (metadata) => this.resolve(metadata.context?.schema ?? {});
    const schema: unknown = targetConstructorToSchema(shape, { additionalConverters: { customValidation: context } });
    return schema as Fields; // OpenAPI 3.0's type of it; none of our decorators makes what only that version has.
  }

  /** Of an answer or a message. */
  #answered(fields: ReadonlyMap<string, DescribedField>): Fields {
    const entries = [...fields];
    return {
      properties: Object.fromEntries(entries.map(([name, { schema = {} }]) => [name, this.resolve(schema)])),
      required: entries.filter(([, { isOptional }]) => isOptional !== true).map(([name]) => name),
    };
  }
}

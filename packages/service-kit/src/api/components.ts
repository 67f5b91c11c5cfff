import { aboutOf, type FieldSchema, type JsonSchema, type Shape } from "@fx-ohlc/schemas";
import { targetConstructorToSchema } from "class-validator-jsonschema";
import type { BodySchema } from "./route.js";

/** What {@link Components.inline} makes of a class. */
export interface ObjectSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

type Converters = NonNullable<NonNullable<Parameters<typeof targetConstructorToSchema>[1]>["additionalConverters"]>;

const REF = "#/components/schemas/";

/**
 * The schemas of a document by class name, each made when it is first referred to. What class-validator knows of a class is
 * turned into JSON Schema: which fields there are and which may be absent, and of each what its decorators say
 * (`describedBy`).
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
    const { properties = {}, required } = this.inline(shape) as ObjectSchema; // Of a class: always an object.
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
  inline(shape: Shape): JsonSchema {
    const context: Converters[string] = (metadata) => this.resolve(metadata.context?.schema ?? {});
    // Both kinds of decorator there are in a DTO: those that check a value, and those that only describe it.
    const additionalConverters: Converters = { customValidation: context, whitelistValidation: context };
    const schema = targetConstructorToSchema(shape, { additionalConverters });
    const description = aboutOf(shape);
    return { ...(description === undefined ? {} : { description }), ...schema, additionalProperties: false };
  }
}

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** A JSON Schema, as far as a test generates values from it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly $ref?: string;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: Schema;
  readonly example?: unknown;
}

interface Content {
  readonly [mediaType: string]: { readonly schema: Schema; readonly example?: unknown };
}

interface DocumentedAnswer {
  /** Many operations give it, and it is held against them all by a test of its own. */
  readonly isShared?: true;
  readonly headers?: Readonly<Record<string, { readonly required: boolean; readonly schema: Schema }>>;
  readonly content?: Content;
}

export interface Operation {
  readonly operationId: string;
  readonly parameters: readonly ApiParameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}

/** An operation with its place. */
export interface PlacedOperation extends Operation {
  readonly method: string;
  readonly path: string;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses?: Readonly<Record<string, DocumentedAnswer>>;
  };
}

/** Answers that are written once for all operations, in the place of the references to them. */
function withShared({ responses: own, ...operation }: Operation, { responses = {} }: OpenApi["components"]): Operation {
  const resolved = Object.entries(own).map(([status, answer]) => {
    const name = "$ref" in answer ? String(answer.$ref).split("/").at(-1) : undefined;
    return [status, name === undefined ? answer : { ...responses[name], isShared: true }];
  });
  return { ...operation, responses: Object.fromEntries(resolved) };
}

/** An OpenAPI document as a client gets it, with its schemas compiled. */
export class ApiDocument {
  readonly operations: readonly PlacedOperation[];
  readonly #ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
  readonly #compiled = new Map<Schema, ValidateFunction>();

  private constructor(private readonly document: OpenApi) {
    this.#ajv.addSchema({ components: document.components }, "document");
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...withShared(operation, document.components),
        method: method.toUpperCase(),
        path,
      })),
    );
  }

  /** Reads the document that something serves at `/openapi.json`. */
  static async of(url: string): Promise<ApiDocument> {
    const answer = await fetch(`${url}/openapi.json`);
    return new ApiDocument((await answer.json()) as OpenApi); // Held to the specification by a test of its own.
  }

  /** @throws Error when there is none of that id */
  operation(id: string): PlacedOperation {
    const found = this.operations.find(({ operationId }) => operationId === id);
    if (found === undefined) throw new Error(`no operation is called ${id}`);
    return found;
  }

  /** The schema that a reference leads to. */
  resolve(schema: Schema): Schema {
    const name = schema.$ref?.split("/").at(-1);
    return name === undefined ? schema : (this.document.components.schemas[name] ?? {});
  }

  /** What is wrong with a value, in words; undefined when nothing is. */
  fault(schema: Schema, value: unknown): string | undefined {
    const validate = this.#compiled.get(schema) ?? this.#compile(schema);
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  #compile(schema: Schema): ValidateFunction {
    const rooted = JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/'));
    const validate = this.#ajv.compile(rooted);
    this.#compiled.set(schema, validate);
    return validate;
  }
}

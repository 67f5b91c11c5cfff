import specs from "@asyncapi/specs";
import type { DtoClass, JsonSchema } from "@fx-ohlc/schemas";
import * as schemas from "@fx-ohlc/schemas";
import { Components } from "@fx-ohlc/service-kit";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { documentsOf, SERVICE_NAMES, SYSTEM_ROUTES } from "./index.js";

/** As a client sees it. */
function sent(document: JsonSchema | undefined): Record<string, unknown> {
  return JSON.parse(JSON.stringify(document));
}

test.each(SERVICE_NAMES)("the documents of %s and of the system are valid OpenAPI 3.1", async (service) => {
  const { own, system } = documentsOf(service, "1.0.0");
  for (const { openApi } of [own, system]) {
    const { valid, errors } = await new Validator().validate(sent(openApi()));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  }
});

test("the stream's document is valid AsyncAPI 3", () => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const specification: Record<string, unknown> = JSON.parse(JSON.stringify(specs.schemas["3.0.0"]));
  // It carries a copy of the meta-schema that ajv has already.
  delete Object(specification.definitions)["http://json-schema.org/draft-07/schema"];
  const validate = ajv.compile(specification);
  validate(sent(documentsOf("stream-gateway", "1.0.0").own.stream?.asyncApi()));
  expect(validate.errors).toBeNull();
});

test.each(SERVICE_NAMES)("every operation of %s and of the system shows what was sent and what came", (service) => {
  const { own, system } = documentsOf(service, "1.0.0");
  for (const { openApi } of [own, system]) {
    const bare = Object.values(Object(openApi().paths)).flatMap((path) =>
      Object.values(Object(path)).flatMap((operation) => withoutExample(Object(operation))),
    );
    expect(bare).toEqual([]);
  }
});

/** Bodies of an operation that no example is shown of. */
function withoutExample({ operationId, requestBody, responses }: Record<string, unknown>): string[] {
  const bodies = [["request", requestBody], ...Object.entries(Object(responses))];
  return bodies.flatMap(([what, body]) =>
    Object.entries(Object(Object(body).content))
      .filter(([, content]) => Object(content).example === undefined)
      .map(([mediaType]) => `${operationId} ${what} ${mediaType}`),
  );
}

test("every message of the stream shows one that came", () => {
  const { components } = Object(documentsOf("stream-gateway", "1.0.0").own.stream?.asyncApi());
  const bare = Object.entries(Object(components.messages)).filter(([, message]) => !("examples" in Object(message)));
  expect(bare.map(([name]) => name)).toEqual([]);
});

test("the page of the stream tells of every endpoint, every message and what to do with it, each once", () => {
  const { asyncApi, page } = Object(documentsOf("ohlc-query", "1.0.0").system.stream);
  const { components, channels } = sent(asyncApi());
  const html: string = page();
  for (const { address } of Object.values<{ address: string }>(Object(channels)))
    expect(html).toContain(`<th scope="row"><code>${address}</code></th>`);
  const messages = Object.keys(Object(Object(components).messages));
  const sections = [...html.matchAll(/<section id="(\w+)">.*?<\/section>/gs)];
  expect(sections.map(([, name]) => name).sort()).toEqual([...messages].sort());
  const told = sections.filter(([section]) => section.includes('class="next"')).map(([, name]) => name);
  expect(messages.filter((name) => !told.includes(name) && !name.endsWith("Request"))).toEqual([]);
});

test("every reference leads to something", () => {
  const { openApi, stream } = documentsOf("ohlc-query", "1.0.0").system;
  for (const document of [sent(openApi()), sent(stream?.asyncApi())]) {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = ""]) => path);
    expect(references.length).toBeGreaterThan(10);
    for (const path of references) {
      const found = path.split("/").reduce<unknown>((at, key) => Object(at)[key], document);
      expect([path, typeof found]).toEqual([path, "object"]);
    }
  }
});

test("no two routes answer one method of one path", () => {
  const paths = Object.values(SYSTEM_ROUTES).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(paths).size).toBe(paths.length);
});

test("a DTO takes exactly the fields it describes", () => {
  const dtos = Object.values<unknown>(schemas).filter(isDto);
  expect(dtos.length).toBeGreaterThan(8);
  for (const dto of dtos) {
    const { properties } = new Components().inline(dto);
    expect([dto.name, ...Object.keys(Object(properties)).sort()]).toEqual([dto.name, ...[...dto.fields].sort()]);
  }
});

function isDto(value: unknown): value is DtoClass<object> & { readonly name: string } {
  return typeof value === "function" && "fields" in value;
}

import type { JsonSchema, Shape } from "@fx-ohlc/schemas";
import { PROBLEMS, type ProblemCode } from "../problem.js";
import { AccessAnswers, SECURITY_SCHEMES, securityOf } from "./access-document.js";
import { Components } from "./components.js";
import { answerKey, type RecordedExamples, type RecordedRoute } from "./examples.js";
import { headersOf, REQUEST_HEADERS } from "./headers.js";
import { ProblemDocument, problemSchema } from "./problem-document.js";
import type { AnswerDeclaration, Content, RouteDeclaration, RouteDeclarations } from "./route.js";

/** A chapter of the document. */
export interface Tag {
  readonly name: string;
  readonly description: string;
}

/** What a document says besides its routes. */
export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly Tag[];
}

/** The OpenAPI 3.1 document of routes, with what was recorded of them. */
export function openApiDocument(info: ApiInfo, routes: RouteDeclarations, examples: RecordedExamples): JsonSchema {
  const components = new Components();
  const access = new AccessAnswers(components);
  const paths: Record<string, Record<string, JsonSchema>> = {};
  const shown = Object.entries(routes).filter(([, route]) => route.hidden !== true);
  for (const [id, route] of shown) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(id, route, { components, access }, examples[id]);
    paths[route.path] = path;
  }
  const { title, version, description } = info;
  const used = new Set(shown.map(([, { tag }]) => tag));
  return {
    openapi: "3.1.1",
    info: { title, version, description, license: { name: "MIT", identifier: "MIT" } },
    tags: info.tags.filter(({ name }) => used.has(name)),
    paths,
    components: { schemas: components.schemas, responses: access.responses, securitySchemes: SECURITY_SCHEMES },
  };
}

/** What the operations of a document share. */
interface Shared {
  readonly components: Components;
  readonly access: AccessAnswers;
}

function operation(
  operationId: string,
  route: RouteDeclaration,
  { components, access }: Shared,
  recorded: RecordedRoute | undefined,
): JsonSchema {
  const { summary, tag, body } = route;
  const { security, sentence } = securityOf(route);
  const description = [route.description, sentence].filter((part) => part !== undefined).join("\n\n");
  return {
    operationId,
    summary,
    ...(description === "" ? {} : { description }),
    tags: [tag],
    security,
    parameters: parameters(route, components, recorded),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: contentOf(body, components, (mediaType) => recorded?.bodies[mediaType]),
          },
        }),
    responses: { ...access.of(route), ...responses(route, components, recorded) },
  };
}

/** Parameters of the path, the query and the headers, each with the value that the recorded request had. */
function parameters(route: RouteDeclaration, components: Components, recorded: RecordedRoute | undefined): object[] {
  const { pathDto, queryDto, requestHeaders = [] } = route;
  return [
    ...parametersOf("path", pathDto, components, recorded?.path),
    ...parametersOf("query", queryDto, components, recorded?.query),
    ...requestHeaders.map((name) => ({ name, in: "header", required: false, ...REQUEST_HEADERS[name] })),
  ];
}

function parametersOf(
  place: "path" | "query",
  dto: Shape | undefined,
  components: Components,
  values: Readonly<Record<string, string>> = {},
): object[] {
  if (dto === undefined) return [];
  const { properties = {}, required = [] } = components.inline(dto);
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    // A list is written with commas, as one value.
    ...(schema.type === "array" ? { style: "form", explode: false } : {}),
    schema,
    ...(values[name] === undefined ? {} : { example: exampleValue(values[name], schema) }),
  }));
}

/** A parameter's text as the value that its schema speaks of. */
function exampleValue(text: string, { type, anyOf }: JsonSchema): unknown {
  // What is a number or a word is written as what it looks like.
  if (type === "integer" || (anyOf !== undefined && /^\d+$/.test(text))) return Number(text);
  return type === "array" ? text.split(",") : text;
}

function contentOf(content: Content, components: Components, exampleOf: (mediaType: string) => unknown): JsonSchema {
  const entries = Object.entries(content).map(([mediaType, body]) => {
    const example = exampleOf(mediaType);
    return [mediaType, { schema: components.of(body), ...(example === undefined ? {} : { example }) }];
  });
  return Object.fromEntries(entries);
}

function responses(route: RouteDeclaration, components: Components, recorded: RecordedRoute | undefined): JsonSchema {
  const exampleOf = (status: number) => (mediaType: string) => recorded?.answers[answerKey(status, mediaType)];
  const answers = Object.entries(allAnswers(route)).map(([status, { description, content, headers }]) => [
    status,
    {
      description,
      headers: headersOf({ "X-Request-Id": "always", ...headers }),
      ...(content === undefined ? {} : { content: contentOf(content, components, exampleOf(Number(status))) }),
    },
  ]);
  return Object.fromEntries(answers);
}

/** Every answer of a route by status, its problems among them. */
export function allAnswers(route: RouteDeclaration): Readonly<Record<number, AnswerDeclaration>> {
  const { answers, problems, problemShape = ProblemDocument } = route;
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problems) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const refusals = [...byStatus].map(([status, codes]): [number, AnswerDeclaration] => [
    status,
    {
      description: codes.map((code) => `${PROBLEMS[code].title} (\`/problems/${code}\`).`).join(" "),
      content: { "application/problem+json": problemSchema(problemShape, codes) },
      ...(status === 429 || status === 503 ? { headers: { "Retry-After": "always" } } : {}),
    },
  ]);
  return { ...answers, ...Object.fromEntries(refusals) };
}

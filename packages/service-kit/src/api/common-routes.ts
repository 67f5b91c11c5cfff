import { HealthReport, Liveness, Readiness } from "./health-document.js";
import { ProblemMeaning, ProblemPath } from "./problem-document.js";
import { type AnswerDeclaration, declareRoutes, type RouteDeclaration } from "./route.js";

const OPERATIONS = "operations";
const DOCUMENTS = "documents";

/** A probe's answer must never come from a cache. */
const UNCACHED = { "Cache-Control": "always" } as const;

function probe(path: string, summary: string, up: AnswerDeclaration, down?: string) {
  const { content = {} } = up;
  const answers = {
    200: { ...up, headers: UNCACHED },
    ...(down === undefined ? {} : { 503: { description: down, content, headers: UNCACHED } }),
  };
  const open = { access: "public", anyHost: true } as const;
  return { method: "GET", path, ...open, summary, tag: OPERATIONS, anyQuery: true, answers, problems: [] } as const;
}

const json = (shape: new () => object) => ({ "application/json": shape });

/** `/health`, `/live` and `/ready`, as every service and the edge answer them. */
export const PROBE_ROUTES = declareRoutes({
  getHealth: {
    ...probe(
      "/health",
      "State of the service and of what it depends on",
      { description: "Everything is there.", content: json(HealthReport) },
      "Something is away.",
    ),
    description: "Who has not the scope `ops` is told only the `status`.",
  },
  getLive: probe("/live", "Whether the process answers", { description: "It does.", content: json(Liveness) }),
  getReady: probe(
    "/ready",
    "Whether requests should be sent here",
    { description: "What the service cannot do without is there.", content: json(Readiness) },
    "Not now.",
  ),
});

export const METRICS_ANSWER = {
  200: {
    description:
      "Prometheus' text format; OpenMetrics where `Accept` names it, in which times of requests and commits have a traced request as an exemplar.",
    content: {
      "text/plain": { schema: { type: "string" } },
      "application/openmetrics-text": { schema: { type: "string" } },
    },
  },
} as const satisfies RouteDeclaration["answers"];

export const METRICS_ROUTE = declareRoutes({
  getMetrics: {
    method: "GET",
    path: "/metrics",
    access: "ops",
    anyHost: true,
    summary: "Metrics for Prometheus",
    tag: OPERATIONS,
    anyQuery: true,
    answers: METRICS_ANSWER,
    problems: [],
  },
});

export const PROBLEM_ROUTE = declareRoutes({
  getProblemType: {
    method: "GET",
    path: "/problems/{code}",
    access: "public",
    summary: "What a type of problem means",
    description: "The `type` of every problem document leads here.",
    tag: OPERATIONS,
    pathDto: ProblemPath,
    anyQuery: true,
    answers: { 200: { description: "Its status and title.", content: json(ProblemMeaning) } },
    problems: ["not_found"],
  },
});

const TAGGED = { ETag: "always", "Cache-Control": "always" } as const;

function document(path: string, summary: string, mediaType: string, type: "object" | "string") {
  const content = { [mediaType]: { schema: { type } } };
  const headers = { ...TAGGED, "Content-Encoding": "sometimes", Vary: "always" } as const;
  const answers = {
    200: { description: "The whole of it.", content, headers },
    304: { description: "The one at hand still stands.", headers: { ...TAGGED, Vary: "always" } },
  } as const;
  const requestHeaders = ["If-None-Match", "Accept-Encoding"] as const;
  return {
    method: "GET",
    path,
    access: "public",
    summary,
    tag: DOCUMENTS,
    anyQuery: true,
    requestHeaders,
    answers,
    problems: [],
  } as const;
}

/** The documents themselves. */
export const DOCUMENT_ROUTES = declareRoutes({
  getOpenApi: document("/openapi.json", "This document: OpenAPI 3.1", "application/json", "object"),
  getSwaggerUi: document("/docs", "This document for reading and trying out: Swagger UI", "text/html", "string"),
  getRedoc: document("/redoc", "This document for reading: Redoc", "text/html", "string"),
});

/** Of a service that has a stream. */
export const STREAM_DOCUMENT_ROUTE = declareRoutes({
  getAsyncApi: document("/asyncapi.json", "The messages of the stream: AsyncAPI 3", "application/json", "object"),
  getStreamDocs: document("/stream-docs", "The stream for reading and trying out", "text/html", "string"),
});

/** What every service answers. */
export const COMMON_ROUTES = { ...PROBE_ROUTES, ...METRICS_ROUTE, ...PROBLEM_ROUTE, ...DOCUMENT_ROUTES };

/** The chapters of the above. */
export const COMMON_TAGS = [
  { name: OPERATIONS, description: "Health, metrics, and what problems mean." },
  { name: DOCUMENTS, description: "The API describes itself." },
];

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Health } from "../health.js";
import type { Metrics } from "../metrics.js";
import { PROBLEMS, Problem, type ProblemCode } from "../problem.js";
import { sendJson } from "../send.js";
import { type BoundRoute, bindRoutes } from "./bind.js";
import { DOCUMENT_ROUTES, METRICS_ROUTE, PROBE_ROUTES, PROBLEM_ROUTE, STREAM_DOCUMENT_ROUTE } from "./common-routes.js";
import { type ApiDocuments, sendsJsonOnce } from "./documents.js";
import { PAGE_FILES, sendRedoc, sendSwaggerUi, sendsStreamDocs } from "./pages.js";
import type { RouteDeclaration, RouteDeclarations } from "./route.js";

const UNCACHED = { "Cache-Control": "no-store" };

/** Below this path every service has the documents of the whole system; the edge shows them at its root. */
const SYSTEM = "/system";

/** `/health` for people and monitors, `/live` and `/ready` for orchestrators. */
export function probeRoutes(health: Health): BoundRoute[] {
  return bindRoutes(PROBE_ROUTES, {
    getHealth: async (_req, res, { caller }) => {
      const report = await health.report();
      // What a service runs on is nobody's business but the operators'.
      const shown = caller.has("ops") ? report : { status: report.status };
      sendJson(res, report.status === "healthy" ? 200 : 503, shown, UNCACHED);
    },
    getLive: (_req, res) => sendJson(res, 200, { status: "alive" }, UNCACHED),
    getReady: async (_req, res) => {
      const ready = await health.isReady();
      sendJson(res, ready ? 200 : 503, { status: ready ? "ready" : "not_ready" }, UNCACHED);
    },
  });
}

export function metricsRoute(metrics: Metrics): BoundRoute[] {
  return bindRoutes(METRICS_ROUTE, {
    getMetrics: async (req, res) => {
      const { contentType, text } = await metrics.scrape(req.headers.accept);
      res.setHeader("Content-Type", contentType);
      res.end(text);
    },
  });
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** A problem's `type` can be followed: it leads to what the code means. */
export function problemRoute(): BoundRoute[] {
  return bindRoutes(PROBLEM_ROUTE, {
    getProblemType: (_req, res, { path: { code } }) => {
      if (!isProblemCode(code)) throw new Problem("not_found", "There is no such problem type.");
      sendJson(res, 200, { type: `/problems/${code}`, ...PROBLEMS[code] });
    },
  });
}

/** The documents of this service alone, and those of the whole system for an edge that has none of its own. */
export function documentRoutes(own: ApiDocuments, system: ApiDocuments): BoundRoute[] {
  return [
    ...documentsBelow("", own),
    ...filesBelow(""),
    ...documentsBelow(SYSTEM, system).map(hide),
    ...filesBelow(SYSTEM),
  ];
}

function documentsBelow(prefix: string, { openApi, stream }: ApiDocuments): BoundRoute[] {
  const routes = [
    ...bindRoutes(below(prefix, DOCUMENT_ROUTES), {
      getOpenApi: sendsJsonOnce(openApi),
      getSwaggerUi: sendSwaggerUi,
      getRedoc: sendRedoc,
    }),
  ];
  if (stream === undefined) return routes;
  const handlers = { getAsyncApi: sendsJsonOnce(stream.asyncApi), getStreamDocs: sendsStreamDocs(stream.page) };
  return [...routes, ...bindRoutes(below(prefix, STREAM_DOCUMENT_ROUTE), handlers)];
}

function filesBelow(prefix: string): BoundRoute[] {
  return Object.entries(PAGE_FILES).map(([name, send]) => hidden(`${prefix}/docs/files/${name}`, send));
}

function below<D extends RouteDeclarations>(prefix: string, declarations: D): D {
  const moved = Object.entries(declarations).map(([id, route]) => [id, { ...route, path: prefix + route.path }]);
  return Object.fromEntries(moved) as D; // The same routes at other paths.
}

function hide({ declaration, answer }: BoundRoute): BoundRoute {
  return { declaration: { ...declaration, hidden: true }, answer };
}

/** A route that no document shows. */
export function hidden(
  path: string,
  answer: (req: IncomingMessage, res: ServerResponse) => void | Promise<void>,
): BoundRoute {
  const declaration: RouteDeclaration = {
    method: "GET",
    path,
    access: "public",
    summary: path,
    tag: "hidden",
    anyQuery: true,
    answers: {},
    problems: [],
    hidden: true,
  };
  return { declaration, answer };
}

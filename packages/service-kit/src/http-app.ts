import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import express, { type ErrorRequestHandler, type Express, type Request } from "express";
import type { Caller, Gate } from "./access.js";
import type { BoundRoute } from "./api/bind.js";
import { requireDocumented } from "./api/documented.js";
import type { ApiDocuments } from "./api/documents.js";
import { documentRoutes, metricsRoute, probeRoutes, problemRoute } from "./api/service-routes.js";
import { applyCors } from "./cors.js";
import { FailureLog } from "./failure-log.js";
import { callerAddress } from "./forwarding.js";
import type { Health } from "./health.js";
import { exportHealth } from "./health-metrics.js";
import type { Logger } from "./logger.js";
import { addMethodGuards, noSuchRoute } from "./method-guards.js";
import type { Metrics } from "./metrics.js";
import type { AllowedOrigins } from "./origins.js";
import type { Problem } from "./problem.js";
import { type ErrorMapping, problemOf } from "./problem-mapping.js";
import { assignRequestId, requestIdOf } from "./request-id.js";
import { sendProblem } from "./send.js";

/** Answers a request. What it throws is answered by {@link Fail}. */
type LeanHandler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** Answers what was thrown below a request, in the form of its route where that has one. */
type Fail = (res: ServerResponse, error: unknown, route?: BoundRoute) => void;

/** What an HTTP app is made of. */
export interface HttpAppOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Who may call what. */
  readonly gate: Gate;
  /** The service's own routes. There is no other way to add one, so that none is left out of the documents. */
  readonly routes?: readonly BoundRoute[];
  /** The documents of this service, and those of the whole system. */
  readonly documents?: { readonly own: ApiDocuments; readonly system: ApiDocuments };
  /** Pages that may read; when absent those of the host they address. */
  readonly allowedOrigins?: AllowedOrigins;
  /** Problems for errors that only the service knows. */
  readonly mapError?: ErrorMapping;
  /** Told of every problem before it is answered. */
  readonly onProblem?: (problem: Problem) => void;
}

/** The path of a request target, without query and without a trailing slash. */
function barePath(target: string): string {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/**
 * A request handler with everything a service's HTTP side has: request ids, timing, `/health`, `/live`, `/ready`, `/metrics`,
 * `/problems/…`, the API's documents, errors as problem documents, 404 and 405. Routes without a parameter in their path are
 * answered before Express sees the request: Express costs as much as a query of the database.
 *
 * @throws Error naming routes that the service's document leaves out, and those it shows that are not there
 */
export function createHttpApp(options: HttpAppOptions): RequestListener {
  const { logger, metrics, mapError, onProblem, allowedOrigins: allowed } = options;
  exportHealth(metrics, options.health);
  const routes = allRoutes(options);
  const failures = new FailureLog(logger);
  const callers = new WeakMap<ServerResponse, string>();
  const note = (res: ServerResponse, { name }: Caller) => {
    callers.set(res, name);
    metrics.countCaller(name);
  };
  const fail: Fail = (res, error, route) => {
    const problem = problemOf(error, mapError);
    failures.note(problem, requestIdOf(res), callers.get(res));
    onProblem?.(problem);
    if (res.headersSent || route?.refuse === undefined) sendProblem(res, problem);
    else route.refuse(res, problem);
  };
  const guarded = routes.map((route) => guardedBy(options.gate, route, note));
  const lean = leanHandlers(guarded, fail);
  const app = createExpress(guarded, lean, fail);
  const posts = new Set(routes.filter(isForAnyToken).map(({ declaration }) => declaration.path));

  return (req, res) => {
    const startedMs = performance.now();
    const method = req.method ?? "";
    const path = barePath(req.url ?? "");
    const handler = lean.get(`${method === "HEAD" ? "GET" : method} ${path}`);
    assignRequestId(req, res);
    res.on("close", () => {
      const route = handler === undefined ? routeOf(req) : path;
      const status = statusOf(res);
      const seconds = (performance.now() - startedMs) / 1000;
      metrics.observeHttp(method, route, status, seconds);
      if (!logger.isDebugEnabled()) return;
      const who = { caller: callers.get(res), address: callerAddress(req) };
      const fields = { request_id: requestIdOf(res), method, route, status, seconds, ...who };
      logger.debug("request", fields);
    });
    if (applyCors(req, res, { path, posts, allowed })) return;
    if (handler === undefined) app(req, res);
    else void handler(req, res);
  };
}

/** Where a page gets a ticket for what it shows a token for. */
function isForAnyToken({ declaration: { access, method } }: BoundRoute): boolean {
  return access === "any-token" && method === "POST";
}

/** A client that went away before its answer counts as 499, as in nginx. */
function statusOf(res: ServerResponse): number {
  return res.writableFinished || res.headersSent ? res.statusCode : 499;
}

/** The pattern that Express matched. */
function routeOf(req: IncomingMessage): string {
  const path = (req as Partial<Request>).route?.path;
  return typeof path === "string" ? path : "unmatched";
}

function allRoutes({ health, metrics, documents, routes = [] }: HttpAppOptions): BoundRoute[] {
  const described = documents === undefined ? [] : documentRoutes(documents.own, documents.system);
  const all = [...probeRoutes(health), ...problemRoute(), ...metricsRoute(metrics), ...described, ...routes];
  if (documents !== undefined) requireDocumented(all, documents.own);
  return all;
}

const NO_VALUES = {};

/** A route behind the gate. */
interface GuardedRoute extends Pick<BoundRoute, "declaration"> {
  readonly route: BoundRoute;
  answer(req: IncomingMessage, res: ServerResponse, values: Readonly<Record<string, string>>): void | Promise<void>;
}

/** The one place where it is judged who may call a route. */
function guardedBy(gate: Gate, route: BoundRoute, note: (res: ServerResponse, caller: Caller) => void): GuardedRoute {
  const { declaration } = route;
  const answer: BoundRoute["answer"] = (req, res, values, caller) => {
    note(res, caller);
    return route.answer(req, res, values, caller);
  };
  return {
    route,
    declaration,
    answer: (req, res, values) => {
      const admitted = gate.admit(req, declaration);
      // A caller that is known already costs no turn of the event loop.
      if (!(admitted instanceof Promise)) return answer(req, res, values, admitted);
      return admitted.then((caller) => answer(req, res, values, caller));
    },
  };
}

/** Handlers by `METHOD /path`. */
function leanHandlers(routes: readonly GuardedRoute[], fail: Fail): Map<string, LeanHandler> {
  const plain = routes.filter(({ declaration }) => declaration.pathDto === undefined);
  return new Map(
    plain.map(({ declaration, route, answer }) => [
      `${declaration.method} ${declaration.path}`,
      async (req, res) => {
        try {
          await answer(req, res, NO_VALUES);
        } catch (error) {
          fail(res, error, route);
        }
      },
    ]),
  );
}

function createExpress(routes: readonly GuardedRoute[], lean: ReadonlyMap<string, LeanHandler>, fail: Fail): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  for (const route of routes) if (route.declaration.pathDto !== undefined) addToExpress(app, route);
  addMethodGuards(app, [...lean.keys()]);
  app.use(noSuchRoute);
  // Express knows an error handler by its four parameters.
  const onError: ErrorRequestHandler = (error, _req, res, _next) => fail(res, error);
  app.use(onError);
  return app;
}

const ADD = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const;

/** Express writes `:name` for a parameter that OpenAPI writes in braces. */
function addToExpress(app: Express, { declaration: { method, path }, answer }: GuardedRoute): void {
  app[ADD[method]](
    path.replace(/\{(\w+)\}/g, ":$1"),
    (req: Request, res) => answer(req, res, req.params as Record<string, string>), // No pattern of ours has a repeated parameter.
  );
}

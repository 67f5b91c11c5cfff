import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from "express";
import { applyCors } from "./cors.js";
import type { Health } from "./health.js";
import { addHealthRoutes } from "./health-routes.js";
import type { Logger } from "./logger.js";
import { addMethodGuards, noSuchRoute } from "./method-guards.js";
import type { Metrics } from "./metrics.js";
import type { Problem } from "./problem.js";
import { type ErrorMapping, problemOf } from "./problem-mapping.js";
import { addProblemRoutes } from "./problem-routes.js";
import { assignRequestId, requestIdOf } from "./request-id.js";
import { sendProblem } from "./send.js";

/** Answers a hot route straight on Node's HTTP objects, before Express sees it. What it throws is mapped like anywhere else. */
export type LeanHandler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** What an HTTP app is made of. */
export interface HttpAppOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Adds the service's own routes. */
  readonly routes?: (app: Express) => void;
  /** Routes too hot for Express, by `METHOD /path`; no parameters in the path. */
  readonly lean?: Readonly<Record<string, LeanHandler>>;
  /** Whether pages of any origin may read with GET. */
  readonly cors?: boolean;
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
 * `/problems/…`, errors as problem documents, 404 and 405.
 */
export function createHttpApp(options: HttpAppOptions): RequestListener {
  const { logger, metrics, mapError, onProblem, cors = false } = options;
  const lean = new Map(Object.entries(options.lean ?? {}));
  const fail = (res: ServerResponse, error: unknown) => {
    const problem = problemOf(error, mapError);
    if (problem.status === 500) logger.error("request failed", { request_id: requestIdOf(res), error });
    onProblem?.(problem);
    sendProblem(res, problem);
  };
  const app = createExpress(options, lean, fail);

  return (req, res) => {
    const startedMs = performance.now();
    const method = req.method ?? "";
    const path = barePath(req.url ?? "");
    const handler = lean.get(`${method === "HEAD" ? "GET" : method} ${path}`);
    assignRequestId(req, res);
    res.once("close", () => {
      const route = handler === undefined ? routeOf(req) : path;
      metrics.observeHttp(method, route, statusOf(res), (performance.now() - startedMs) / 1000);
    });
    if (cors && applyCors(req, res)) return;
    if (handler === undefined) app(req, res);
    else runLean(handler, req, res, fail);
  };
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

async function runLean(
  handler: LeanHandler,
  req: IncomingMessage,
  res: ServerResponse,
  fail: (res: ServerResponse, error: unknown) => void,
): Promise<void> {
  try {
    await handler(req, res);
  } catch (error) {
    fail(res, error);
  }
}

function createExpress(
  options: HttpAppOptions,
  lean: ReadonlyMap<string, LeanHandler>,
  fail: (res: ServerResponse, error: unknown) => void,
): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  addHealthRoutes(app, options.health);
  addProblemRoutes(app);
  app.get("/metrics", serveMetrics(options.metrics));
  options.routes?.(app);
  addMethodGuards(app, [...lean.keys()]);
  app.use(noSuchRoute);
  // Express knows an error handler by its four parameters.
  const onError: ErrorRequestHandler = (error, _req, res, _next) => fail(res, error);
  app.use(onError);
  return app;
}

function serveMetrics({ registry }: Metrics): RequestHandler {
  return async (_req, res) => {
    const text = await registry.metrics();
    res.setHeader("Content-Type", registry.contentType);
    res.end(text);
  };
}

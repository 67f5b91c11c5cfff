import type { IncomingMessage, ServerResponse } from "node:http";
import type { RouteDeclaration } from "../api/route.js";
import type { Tracer, TraceSpan } from "./trace-span.js";

const SPANS = new WeakMap<ServerResponse, TraceSpan>();

/** The step that answers a request; undefined where nobody records it. */
export function spanOf(res: ServerResponse): TraceSpan | undefined {
  return SPANS.get(res);
}

/**
 * Begins the step that answers a request. The route's pattern names it, and never its URL: a token may be in that. Probes, and
 * what services ask one another all the time, are recorded only within the trace of who asks.
 */
export function traceRequest(
  tracer: Tracer,
  req: IncomingMessage,
  res: ServerResponse,
  { method, path, access, anyHost }: RouteDeclaration,
): void {
  const isAskedOnly = access === "public" || access === "internal" || anyHost === true;
  const fields = { "http.request.method": req.method ?? method, "http.route": path };
  const span = tracer.serve(req, `${method} ${path}`, fields, isAskedOnly);
  if (span !== undefined) SPANS.set(res, span);
}

/**
 * Ends the step with its request.
 *
 * @param caller the name of the token that was shown
 */
export function endRequestSpan(span: TraceSpan, status: number, requestId: string, caller: string | undefined): void {
  const who = caller === undefined ? {} : { "fx.caller": caller };
  span.note({ "http.response.status_code": status, "fx.request_id": requestId, ...who });
  span.end(status >= 500 ? `answered ${status}` : undefined);
}

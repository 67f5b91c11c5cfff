import { SERVICE_NAMES, type ServiceName } from "@fx-ohlc/contract";

/** Where a request goes. */
export type Route =
  | { readonly kind: "proxy"; readonly service: ServiceName; readonly target: string }
  | { readonly kind: "health" | "ready" | "live" | "none" };

/** Of each service; it answers by whatever name it is asked. */
export const METRICS = "/metrics";

const NONE: Route = { kind: "none" };

/** Paths of one service, whatever the method. */
const OWNERS: readonly (readonly [RegExp, ServiceName])[] = [
  [/^\/ticks\/.+/, "tick-ingest"],
  // As what speaks to InfluxDB or QuestDB posts.
  [/^\/(api\/v2\/)?write\/?$/, "tick-ingest"],
  [/^\/ohlc(\/|$)/, "ohlc-query"],
  [/^\/symbols\/?$/, "ohlc-query"],
  [/^\/symbols\/.+/, "tick-ingest"],
  [/^\/revisions\/?$/, "ohlc-query"],
  [/^\/quality(\/|$)/, "ohlc-query"],
  [/^\/revisions\/.+/, "tick-ingest"],
  [/^\/corrections\/?$/, "tick-ingest"],
  [/^\/(keys|tickets|audit|feeds|archive)(\/|$)/, "tick-ingest"],
  [/^\/udf\/./, "ohlc-query"],
  [/^\/problems\//, "ohlc-query"],
  [/^\/ws(\/|$)/, "stream-gateway"],
  [/^\/sse\/?$/, "stream-gateway"],
  // The dashboard.
  [/^\/((ws-test|demo)\/?)?$/, "stream-gateway"],
  [/^\/assets\//, "stream-gateway"],
];

/** Tables in the format that their name says. */
const SUFFIXED = /^\/(ohlc|ticks|symbols|revisions|quality)\.[a-z]+\/?$/;

/** The documents of the whole API: every service has them below `/system`, and this one stands for all. */
const DOCUMENTS = /^\/(openapi\.json|asyncapi\.json|docs|redoc|stream-docs)(\/|$)/;
const DOCUMENTS_OWNER = "ohlc-query";

const OWN: Readonly<Record<string, Route>> = {
  "/health": { kind: "health" },
  "/ready": { kind: "ready" },
  "/live": { kind: "live" },
};

/**
 * Finds what answers a request. Only what is listed here is reachable from outside; `/internal/…` of a service is not.
 *
 * @param target the request's target in its canonical form: path and query
 */
export function routeOf(method: string, target: string): Route {
  const path = canonicalPath(target);
  if (path === undefined) return NONE;
  const own = OWN[withoutTrailingSlash(path)];
  if (own) return own;
  const metrics = SERVICE_NAMES.find((name) => withoutTrailingSlash(path) === `/metrics/${name}`);
  if (metrics) return { kind: "proxy", service: metrics, target: METRICS };
  if (SUFFIXED.test(path)) return { kind: "proxy", service: "ohlc-query", target };
  if (/^\/ticks\/?$/.test(path))
    return { kind: "proxy", service: isRead(method) ? "ohlc-query" : "tick-ingest", target };
  if (DOCUMENTS.test(path)) return { kind: "proxy", service: DOCUMENTS_OWNER, target: `/system${target}` };
  const owner = OWNERS.find(([pattern]) => pattern.test(path));
  return owner ? { kind: "proxy", service: owner[1], target } : NONE;
}

/** The path; `undefined` for one that a service could read as another, such as `/ohlc/../internal`. */
function canonicalPath(target: string): string | undefined {
  const path = target.split("?", 1)[0] ?? "";
  if (!path.startsWith("/") || !URL.canParse(`http://edge${path}`)) return undefined;
  return new URL(`http://edge${path}`).pathname === path ? path : undefined;
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

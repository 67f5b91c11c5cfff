import {
  type ApiDocuments,
  COMMON_ROUTES,
  COMMON_TAGS,
  DOCUMENT_ROUTES,
  openApiDocument,
  PROBLEM_ROUTE,
  type RouteDeclarations,
  STREAM_DOCUMENT_ROUTE,
} from "@fx-ohlc/service-kit";
import { ACCESS_ROUTES } from "./access-routes.js";
import { asyncApiDocument } from "./async-api.js";
import { EDGE_ROUTES, type ServiceName } from "./edge-routes.js";
import { readExamples } from "./examples.js";
import { INGEST_ROUTES } from "./ingest-routes.js";
import { QUERY_ROUTES } from "./query-routes.js";
import { scopeTable } from "./scope-table.js";
import { streamPage } from "./stream-page/stream-page.js";
import { STREAM_ROUTES } from "./stream-routes.js";
import { UDF_ROUTES } from "./udf-routes.js";

const DESCRIPTION = `Market ticks in, exact OHLC bars out, both streamed.

Times are RFC 3339; ranges are half-open. Errors are [problem documents](https://www.rfc-editor.org/rfc/rfc9457) that name
every bad field. Every answer carries \`X-Request-Id\`. A path works with and without its trailing slash.

With \`AUTH=on\` a caller shows \`Authorization: Bearer TOKEN\`, and its token has these scopes:
`;

const TAGS = [
  { name: "ticks", description: "Single prices: sent, corrected, deleted and read." },
  { name: "bars", description: "Open, high, low and close of any interval, always up to date." },
  { name: "feeds", description: "Producers that name themselves, and whether they are alive." },
  { name: "symbols", description: "What there is, and what is known of it." },
  { name: "archive", description: "Every tick for ever, in files." },
  { name: "tradingview", description: "TradingView's Universal Data Feed, for its charting library." },
  { name: "stream", description: "Ticks and live bars over WebSockets." },
  { name: "access", description: "Keys, tickets, and who did what." },
  ...COMMON_TAGS,
];

/** What each service answers, in its own words. */
const SERVICE_ROUTES: Readonly<Record<ServiceName, RouteDeclarations>> = {
  "tick-ingest": { ...INGEST_ROUTES, ...ACCESS_ROUTES, ...COMMON_ROUTES },
  "ohlc-query": { ...QUERY_ROUTES, ...UDF_ROUTES, ...COMMON_ROUTES },
  "stream-gateway": { ...STREAM_ROUTES, ...COMMON_ROUTES, ...STREAM_DOCUMENT_ROUTE },
};

/** What the system answers through its edge. */
export const SYSTEM_ROUTES = {
  ...INGEST_ROUTES,
  ...QUERY_ROUTES,
  ...UDF_ROUTES,
  ...STREAM_ROUTES,
  ...ACCESS_ROUTES,
  ...EDGE_ROUTES,
  ...PROBLEM_ROUTE,
  ...DOCUMENT_ROUTES,
  ...STREAM_DOCUMENT_ROUTE,
};

function openApiOf(title: string, version: string, routes: RouteDeclarations) {
  const info = { title, version, description: `${DESCRIPTION}\n${scopeTable(routes)}`, tags: TAGS };
  return () => openApiDocument(info, routes, readExamples().routes);
}

/**
 * The documents that a service serves: its own at its root, and below `/system` those of the whole API, which the edge shows
 * at its root. Every service can make the whole, because all declarations are here; so an edge needs nothing but a route.
 */
export function documentsOf(service: ServiceName, version: string): { own: ApiDocuments; system: ApiDocuments } {
  const asyncApi = () => asyncApiDocument(version, readExamples().messages);
  const stream = { asyncApi, page: () => streamPage(asyncApi()) };
  return {
    own: {
      openApi: openApiOf(`fx-ohlc ${service}`, version, SERVICE_ROUTES[service]),
      ...(service === "stream-gateway" ? { stream } : {}),
    },
    system: { openApi: openApiOf("fx-ohlc", version, SYSTEM_ROUTES), stream },
  };
}

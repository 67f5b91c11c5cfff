import type { IncomingMessage, ServerResponse } from "node:http";
import { sendsFile, sendsOnce } from "./documents.js";

/**
 * The pages that show the OpenAPI document, and that of the stream. Everything they load comes from this service, and the policy says so to the
 * browser: no script or style of another host, none within the page.
 */

/** Files of the pages, by the name in their path. */
export const PAGE_FILES = {
  "swagger-ui.css": sendsFile("swagger-ui.css", "text/css"),
  "swagger-ui-bundle.js": sendsFile("swagger-ui-bundle.js", "text/javascript"),
  "redoc.standalone.js": sendsFile("redoc.standalone.js", "text/javascript"),
  "start-swagger-ui.js": sendsFile("start-swagger-ui.js", "text/javascript"),
  "page.css": sendsFile("page.css", "text/css"),
  "stream-docs.css": sendsFile("stream-docs.css", "text/css"),
  "stream-console.js": sendsFile("stream-console.js", "text/javascript"),
} as const;

const POLICY = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data:",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

function headersWith(changes: Readonly<Record<string, string>>) {
  const policy = Object.entries({ ...POLICY, ...changes }).map(([directive, sources]) => `${directive} ${sources}`);
  return { "Content-Security-Policy": policy.join("; "), "X-Content-Type-Options": "nosniff" };
}

function page(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
${head}
</head>
<body>
${body}
</body>
</html>
`;
}

function swaggerUi(up: string): string {
  const head = `<link rel="stylesheet" href="${up}docs/files/swagger-ui.css">
<script src="${up}docs/files/swagger-ui-bundle.js" defer></script>
<script src="${up}docs/files/start-swagger-ui.js" defer></script>`;
  return page("API", head, `<div id="api" data-document="${up}openapi.json"></div>`);
}

/** Redoc would tell its makers how it is used; the policy forbids that as well. */
function redoc(up: string): string {
  const head = `<link rel="stylesheet" href="${up}docs/files/page.css">
<script type="module" src="${up}docs/files/redoc.standalone.js"></script>`;
  return page("API", head, `<redoc spec-url="${up}openapi.json" disable-telemetry="true"></redoc>`);
}

/** @param body of the page, whose own links its script mends: it does not know how deep it lies */
function streamDocs(up: string, body: string): string {
  const head = `<link rel="stylesheet" href="${up}docs/files/stream-docs.css">
<script type="module" src="${up}docs/files/stream-console.js"></script>`;
  return page("Stream", head, body);
}

/** A page whose links are relative, so that it works below any path; `/docs` and `/docs/` are at different depths. */
function sendsPage(html: (up: string) => string, policy: Readonly<Record<string, string>>) {
  const headers = headersWith(policy);
  const atPath = sendsOnce("text/html; charset=utf-8", () => html(""), headers);
  const belowPath = sendsOnce("text/html; charset=utf-8", () => html("../"), headers);
  return (req: IncomingMessage, res: ServerResponse) => {
    const path = (req.url ?? "").split("?", 1)[0] ?? "";
    (path.endsWith("/") ? belowPath : atPath)(req, res);
  };
}

export const sendSwaggerUi = sendsPage(swaggerUi, {});

/** @param makeBody called when somebody asks */
export function sendsStreamDocs(makeBody: () => string) {
  return sendsPage((up) => streamDocs(up, makeBody()), {});
}

/** The hash of nothing: Redoc puts an empty style element into the page and fills it by script. */
const EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

export const sendRedoc = sendsPage(redoc, { "style-src": `'self' ${EMPTY_STYLE}`, "font-src": "data:" });

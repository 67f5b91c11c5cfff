import { existsSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join } from "node:path";
import { assignRequestId, type Door, Problem, problemOf, requireAllowedHost, sendProblem } from "@fx-ohlc/service-kit";
import sirv from "sirv";

/** The addresses of the dashboard; all but the root are where the service it replaces had its page. */
const PAGE = /^\/((ws-test|demo)\/?)?$/;
/** From there the files beside the page, and the API, would not be found. */
const PAGE_AS_FOLDER = /^\/(ws-test|demo)\/$/;
const ASSET = /^\/assets\//;

/** Names of assets change with their content: a year is as good as for ever. */
const ASSETS_MAX_AGE_S = 31_536_000;

/** The page brings everything it needs: nothing comes from elsewhere, nothing inline runs, nobody frames it. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/**
 * Answers the dashboard's addresses with its built files, and leaves all others to the API. The files are listed once, now,
 * and sent compressed as the build left them.
 *
 * @throws Error when there is no dashboard in the folder
 */
export function withPage(folder: string, door: Door, api: RequestListener): RequestListener {
  if (!existsSync(join(folder, "index.html"))) throw new Error(`there is no dashboard in ${folder}: run "pnpm build"`);
  const options = { brotli: true, gzip: true, etag: true };
  const page = sirv(folder, { ...options, setHeaders: setPageHeaders });
  const assets = sirv(folder, { ...options, maxAge: ASSETS_MAX_AGE_S, immutable: true, setHeaders: setNosniff });
  return (req, res) => {
    const path = req.url?.split("?", 1)[0] ?? "";
    if (!isRead(req) || !(PAGE.test(path) || ASSET.test(path))) return api(req, res);
    assignRequestId(req, res);
    try {
      requireAllowedHost(door, req);
    } catch (error) {
      return sendProblem(res, problemOf(error));
    }
    if (PAGE_AS_FOLDER.test(path)) return leadToPage(req, res);
    if (PAGE.test(path)) req.url = "/";
    const serve = req.url === "/" ? page : assets;
    return serve(req, res, () => sendProblem(res, new Problem("not_found", "The dashboard has no such file.")));
  };
}

/** Relative, as the page's files are: nobody here knows below which prefix it is. */
function leadToPage({ url = "" }: IncomingMessage, res: ServerResponse): void {
  const Location = url.replace(/^\/([a-z-]+)\//, "../$1");
  res.writeHead(308, { Location, "Content-Length": 0 }).end();
}

function isRead({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

function setPageHeaders(res: ServerResponse): void {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) res.setHeader(name, value);
  res.setHeader("Cache-Control", "no-cache");
}

function setNosniff(res: ServerResponse): void {
  res.setHeader("X-Content-Type-Options", "nosniff");
}

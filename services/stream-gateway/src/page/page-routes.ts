import { existsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { Problem } from "@fx-ohlc/service-kit";
import type { Express } from "express";
import sirv from "sirv";

/** The addresses of the dashboard; the last two are where the service it replaces had its page. */
export const PAGE_PATHS = ["/", "/ws-test", "/demo"] as const;

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
 * Serves the built dashboard. Its files are listed once, now, and sent compressed as the build left them.
 *
 * @throws Error when there is none
 */
export function addPageRoutes(app: Express, folder: string): void {
  if (!existsSync(join(folder, "index.html"))) throw new Error(`there is no dashboard in ${folder}: run "pnpm build"`);
  const options = { brotli: true, gzip: true, etag: true };
  const page = sirv(folder, { ...options, setHeaders: setPageHeaders });
  const assets = sirv(folder, { ...options, maxAge: ASSETS_MAX_AGE_S, immutable: true, setHeaders: setNosniff });
  for (const path of PAGE_PATHS) {
    app.get(path, (req, res, next) => {
      req.url = "/";
      page(req, res, next);
    });
  }
  app.get("/assets/:file", (req, res, next) => {
    assets(req, res, () => next(new Problem("not_found", "The dashboard has no such file.")));
  });
}

function setPageHeaders(res: ServerResponse): void {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) res.setHeader(name, value);
  res.setHeader("Cache-Control", "no-cache");
}

function setNosniff(res: ServerResponse): void {
  res.setHeader("X-Content-Type-Options", "nosniff");
}

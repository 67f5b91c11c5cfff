import type { IncomingMessage, ServerResponse } from "node:http";

/** Headers of ours that a page's script may read. */
const EXPOSED = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id";
/** A preflight may be remembered this long; Chromium caps it at two hours anyway. */
const PREFLIGHT_MAX_AGE_S = 7200;

/**
 * Lets pages of any origin read: nothing here depends on cookies, so a page learns nothing that its visitor could not ask for.
 * Only GET and HEAD are opened.
 *
 * @returns true when the request was a preflight and has been answered
 */
export function applyCors(req: IncomingMessage, res: ServerResponse): boolean {
  if (req.headers.origin === undefined) return false;
  res.setHeader("Access-Control-Allow-Origin", "*");
  res.setHeader("Access-Control-Expose-Headers", EXPOSED);
  if (req.method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return false;
  res.writeHead(204, {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept, Authorization, If-None-Match, X-Request-Id",
    "Access-Control-Max-Age": PREFLIGHT_MAX_AGE_S,
  });
  res.end();
  return true;
}

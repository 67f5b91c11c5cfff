import type { IncomingMessage, ServerResponse } from "node:http";
import { type AllowedOrigins, isOriginAllowed } from "./origins.js";

/** Headers of ours that a page's script may read. */
const EXPOSED =
  "Accept-Ranges, Content-Range, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Data-As-Of, X-Request-Id";
/** A preflight may be remembered this long; Chromium caps it at two hours anyway. */
const PREFLIGHT_MAX_AGE_S = 7200;

/**
 * Lets pages of allowed origins read. To all others a browser does not show the answer, so that no page that somebody happens to
 * look at reads what only this machine, or this network, may ask for. GET and HEAD are opened, and POST where a page buys the
 * ticket for its stream.
 *
 * @param path without its query
 * @param posts paths of tickets
 * @returns true when the request was a preflight and has been answered
 */
export function applyCors(
  req: IncomingMessage,
  res: ServerResponse,
  { path, posts, allowed }: { path: string; posts: ReadonlySet<string>; allowed: AllowedOrigins },
): boolean {
  const { origin } = req.headers;
  if (origin === undefined || !isOriginAllowed(req.headers, allowed)) return false;
  res.setHeader("Access-Control-Allow-Origin", allowed?.includes("*") === true ? "*" : origin);
  res.setHeader("Access-Control-Expose-Headers", EXPOSED);
  if (req.method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return false;
  res.writeHead(204, {
    "Access-Control-Allow-Methods": posts.has(path) ? "GET, HEAD, POST" : "GET, HEAD",
    "Access-Control-Allow-Headers":
      "Accept, Authorization, Content-Type, If-None-Match, If-Range, Last-Event-ID, Range, X-Request-Id",
    "Access-Control-Max-Age": PREFLIGHT_MAX_AGE_S,
    Vary: "Origin",
  });
  res.end();
  return true;
}

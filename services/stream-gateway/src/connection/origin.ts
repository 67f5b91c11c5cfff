import type { IncomingHttpHeaders } from "node:http";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

function hostnameOf(url: string): string | undefined {
  const hostname = URL.canParse(url) ? new URL(url).hostname : undefined;
  return hostname !== undefined && LOOPBACK.has(hostname) ? "localhost" : hostname;
}

/** The host the client addressed: a proxy that rewrites `Host` keeps it in `X-Forwarded-Host`, which no page can set. */
function addressedHost({ host, "x-forwarded-host": forwarded }: IncomingHttpHeaders): string | undefined {
  const original = typeof forwarded === "string" ? forwarded.split(",")[0]?.trim() : undefined;
  return original ?? host;
}

/**
 * Whether a page may connect. A request without an origin comes from no page. Without a list, pages of the host they connect to
 * may, on any port (a dashboard under development runs on one of its own); all names of this machine are one host.
 *
 * @param allowed exact origins, or `*`
 */
export function isOriginAllowed(headers: IncomingHttpHeaders, allowed: readonly string[] | undefined): boolean {
  const { origin } = headers;
  if (origin === undefined) return true;
  if (allowed !== undefined) return allowed.includes("*") || allowed.includes(origin);
  const host = addressedHost(headers);
  return host !== undefined && hostnameOf(origin) !== undefined && hostnameOf(origin) === hostnameOf(`http://${host}`);
}

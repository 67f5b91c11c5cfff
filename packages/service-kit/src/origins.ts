import type { IncomingHttpHeaders } from "node:http";
import type { EnvReader } from "./env.js";

/** Exact origins of pages that may read and connect, or `*`; undefined: pages of the host they address. */
export type AllowedOrigins = readonly string[] | undefined;

const ORIGIN = /^https?:\/\/[^/\s]+$/;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Reads `ALLOWED_ORIGINS`. */
export function readOrigins(env: EnvReader): AllowedOrigins {
  const origins = env.list("ALLOWED_ORIGINS", { default: undefined });
  const isFine = origins?.every((origin) => origin === "*" || ORIGIN.test(origin)) ?? true;
  if (!isFine)
    env.refuse("ALLOWED_ORIGINS", "must be a comma-separated list of origins such as https://example.com, or *");
  return origins;
}

function hostnameOf(url: string): string | undefined {
  const hostname = URL.canParse(url) ? new URL(url).hostname : undefined;
  return hostname !== undefined && LOOPBACK.has(hostname) ? "localhost" : hostname;
}

/** The host the client addressed: a proxy of ours that rewrites `Host` keeps it in `X-Forwarded-Host`. */
function addressedHost({ host, "x-forwarded-host": forwarded }: IncomingHttpHeaders): string | undefined {
  return typeof forwarded === "string" ? forwarded : host;
}

/**
 * Whether a page may read and connect. A request without an origin comes from no page. Without a list, pages of the host they
 * address may, on any port (a dashboard under development runs on one of its own); all names of this machine are one host.
 */
export function isOriginAllowed(headers: IncomingHttpHeaders, allowed: AllowedOrigins): boolean {
  const { origin } = headers;
  if (origin === undefined) return true;
  if (allowed !== undefined) return allowed.includes("*") || allowed.includes(origin);
  const host = addressedHost(headers);
  return host !== undefined && hostnameOf(origin) !== undefined && hostnameOf(origin) === hostnameOf(`http://${host}`);
}

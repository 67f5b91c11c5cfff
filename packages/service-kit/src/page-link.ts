import type { IncomingMessage } from "node:http";

const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const PREFIX = /^(?:\/[\w.~-]+)*$/;

/**
 * Scheme, host and prefix as the client sees them, so that a link leads back through the edge; empty when nobody said. What
 * `X-Forwarded-…` say was judged when the request came.
 */
function origin({ headers }: IncomingMessage): string {
  const host = [headers["x-forwarded-host"], headers.host].find((name) => HOST.test(String(name ?? "")));
  if (host === undefined) return "";
  const scheme = /^(https|wss)$/.test(String(headers["x-forwarded-proto"])) ? "https" : "http";
  const prefix = String(headers["x-forwarded-prefix"] ?? "").replace(/\/$/, "");
  return `${scheme}://${host}${PREFIX.test(prefix) ? prefix : ""}`;
}

/**
 * The `Link` header to another page: the request's own URL with some parameters replaced. It can be followed as it is.
 *
 * @param changes the parameters of that page that differ; undefined: it has none of that name
 */
export function pageLink(
  req: IncomingMessage,
  rel: "next" | "prev",
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const target = req.url ?? "";
  const path = target.replace(/\?.*/, "");
  const parameters = new URLSearchParams(target.slice(path.length));
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) parameters.delete(name);
    else parameters.set(name, value);
  }
  return `<${origin(req)}${path}?${parameters}>; rel="${rel}"`;
}

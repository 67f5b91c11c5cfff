import type { IncomingMessage } from "node:http";

const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Scheme and host as the client sees them, so that a link leads back through the edge; empty when it did not say. */
function origin({ headers }: IncomingMessage): string {
  const { host } = headers;
  if (host === undefined || !HOST.test(host)) return "";
  return `${headers["x-forwarded-proto"] === "https" ? "https" : "http"}://${host}`;
}

/**
 * The `Link` header to another page: the request's own URL with some parameters replaced. It can be followed as it is.
 *
 * @param changes the parameters of that page that differ
 */
export function pageLink(
  req: IncomingMessage,
  rel: "next" | "prev",
  changes: Readonly<Record<string, string>>,
): string {
  const target = req.url ?? "";
  const path = target.replace(/\?.*/, "");
  const parameters = new URLSearchParams(target.slice(path.length));
  for (const [name, value] of Object.entries(changes)) parameters.set(name, value);
  return `<${origin(req)}${path}?${parameters}>; rel="${rel}"`;
}

import type { IncomingMessage } from "node:http";

/**
 * Puts what a request asks for into the one form that everything after it goes by, so that whoever judges it and whoever answers
 * it see the same: a target in absolute form (RFC 9112 §3.2.2) becomes a path, whose authority is the `Host`.
 */
export function takeTarget(req: Pick<IncomingMessage, "url" | "headers">): void {
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(req.url ?? "") ?? [];
  if (authority !== undefined) {
    req.headers.host = authority;
    req.url = rest.startsWith("/") ? rest : `/${rest}`;
  }
  req.url = canonicalTarget(req.url ?? "");
}

/**
 * A target whose path begins with one slash where it began with two, and each segment of which is escaped where it has to be and
 * nowhere else: `//%74icks` is `/ticks`, and an escaped slash stays one, for it separates nothing.
 */
export function canonicalTarget(target: string): string {
  if (!target.startsWith("/")) return target;
  const mark = target.indexOf("?");
  const path = target.slice(target.startsWith("//") ? 1 : 0, mark < 0 ? undefined : mark);
  const query = mark < 0 ? "" : target.slice(mark);
  return (path.includes("%") ? path.split("/").map(canonicalSegment).join("/") : path) + query;
}

function canonicalSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return encodeURIComponent(decodeURIComponent(segment));
  } catch {
    // The route that takes it says so.
    return segment;
  }
}

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A caller's own id is kept when it is harmless in a log line and a header; 128 characters hold every usual format. */
const ACCEPTED = /^[A-Za-z0-9._:/+=-]{1,128}$/;

const HEADER = "X-Request-Id";

/** Gives a request its id, the caller's own or a new one, and puts it on the answer, where {@link requestIdOf} finds it. */
export function assignRequestId(req: IncomingMessage, res: ServerResponse): void {
  const given = req.headers["x-request-id"];
  res.setHeader(HEADER, typeof given === "string" && ACCEPTED.test(given) ? given : randomUUID());
}

/** The id of the request that `res` answers. */
export function requestIdOf(res: ServerResponse): string {
  return String(res.getHeader(HEADER) ?? "");
}

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A caller's own id is kept when it is harmless in a log line and a header; 128 characters hold every usual format. */
const ACCEPTED = /^[A-Za-z0-9._:/+=-]{1,128}$/;

const HEADER = "X-Request-Id";

/** The id of a request: the caller's own or a new one. */
export function requestIdFor({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && ACCEPTED.test(given) ? given : randomUUID();
}

/** The same of a request that is asked for it more than once: a new one is made only once. */
export function keepRequestId(req: IncomingMessage): string {
  const id = requestIdFor(req);
  req.headers["x-request-id"] = id;
  return id;
}

/** Gives a request its id and puts it on the answer, where {@link requestIdOf} finds it. */
export function assignRequestId(req: IncomingMessage, res: ServerResponse): void {
  res.setHeader(HEADER, requestIdFor(req));
}

/** The id of the request that `res` answers. */
export function requestIdOf(res: ServerResponse): string {
  return String(res.getHeader(HEADER) ?? "");
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { sendJson } from "@fx-ohlc/service-kit";
import { entityTag, matches } from "./conditional.js";

/** What a read answers: JSON text, and the `Link` to what follows it. */
export interface Answer {
  readonly body: string;
  readonly link?: string | undefined;
}

/**
 * Sends an answer, or 304 to a client that has it already. It must ask again each time: any bar can be revised.
 */
export function sendAnswer(req: IncomingMessage, res: ServerResponse, { body, link }: Answer): void {
  // Encoded once, for the tag and for the socket.
  const bytes = Buffer.from(body);
  const tag = entityTag(bytes);
  const headers = { ETag: tag, "Cache-Control": "no-cache", ...(link === undefined ? {} : { Link: link }) };
  if (matches(req.headers["if-none-match"], tag)) res.writeHead(304, headers).end();
  else sendJson(res, 200, bytes, headers);
}

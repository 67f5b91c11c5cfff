import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { cutOff } from "./connection-ends.js";
import { type Problem, problemDocument } from "./problem.js";
import { requestIdOf } from "./request-id.js";

const JSON_TYPE = "application/json; charset=utf-8";

/**
 * Sends a body whose length is known in one write: about twice as fast as Express's `res.json()`, which hashes and stringifies.
 *
 * @param body JSON text, its bytes, or a value to stringify
 */
export function sendJson(res: ServerResponse, status: number, body: unknown, headers?: OutgoingHttpHeaders): void {
  const payload = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  sendBody(res, status, JSON_TYPE, payload, headers);
}

/** Sends a finished problem document; a request that was already being answered is cut off instead. */
export function sendProblem(res: ServerResponse, problem: Problem): void {
  if (res.headersSent) {
    cutOff(res);
    return;
  }
  const body = JSON.stringify(problemDocument(problem, requestIdOf(res)));
  sendBody(res, problem.status, "application/problem+json", body, problem.headers);
}

/** Sends any finished body with its length. */
export function sendBody(
  res: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
): void {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  res.writeHead(status, { "Content-Type": contentType, "Content-Length": length, ...headers });
  // Node drops the body of an answer to HEAD by itself.
  res.end(body);
}

/** Pieces that are so few bytes together are copied into one: a write of several costs more than that. */
const COPIED_BYTES_MAX = 32 * 1024;

/** The same for a body in pieces, which are written in one go. */
export function sendPieces(
  res: ServerResponse,
  status: number,
  contentType: string,
  pieces: readonly Buffer[],
  headers?: OutgoingHttpHeaders,
): void {
  const [only] = pieces;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (pieces.length === 1 && only !== undefined) sendBody(res, status, contentType, only, headers);
  else if (length <= COPIED_BYTES_MAX) sendBody(res, status, contentType, Buffer.concat(pieces, length), headers);
  else {
    res.writeHead(status, { "Content-Type": contentType, "Content-Length": length, ...headers });
    // Node holds them back until this turn of the event loop ends.
    for (const piece of pieces) res.write(piece);
    res.end();
  }
}

import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Problem, problemDocument } from "./problem.js";

/** Whoever was refused has so long to read it and to close, ms. */
const LINGER_MAX_MS = 10_000;

/** Answers with a problem where there is no response object (an upgrade, bytes that are no request), and closes. */
export function refuse(socket: Duplex, problem: Problem, requestId: string): void {
  if (!socket.writable) return;
  const body = JSON.stringify(problemDocument(problem, requestId));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    "Connection: close",
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    ...Object.entries(problem.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // What was not read would reset the connection, and the refusal be lost.
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MAX_MS).unref();
}

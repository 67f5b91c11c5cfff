import type { Server } from "node:http";
import type { ConnectionEnds } from "./connection-ends.js";
import { Problem } from "./problem.js";
import { refuse } from "./refusal.js";
import { requestIdFor } from "./request-id.js";

const NO_TUNNELS = new Problem("method_not_allowed", "This server makes no tunnels.");

/**
 * Takes what Node would answer by itself, past everything that bounds, names and describes answers: an `Expect` of anything but
 * `100-continue` is ignored and its request answered (RFC 9110 §10.1.1, as nginx does), and CONNECT is refused after the answers to
 * the requests before it.
 */
export function takeOddRequests(server: Server, ends: ConnectionEnds): void {
  server.on("checkExpectation", (req, res) => {
    delete req.headers.expect;
    server.emit("request", req, res);
  });
  server.on("connect", (req, socket) => {
    void ends.answered(socket).then(() => refuse(socket, NO_TUNNELS, requestIdFor(req)));
  });
}

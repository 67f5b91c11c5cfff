import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { WebSocket } from "ws";
import { type ProblemError, problemOf } from "./errors.js";
import type { WebSocketLike } from "./stream/socket.js";

/** The WebSocket of Node: its upgrade carries the token, and it tells how that was refused. */
export class NodeSocket extends WebSocket implements WebSocketLike {
  refusal: ProblemError | undefined;

  constructor(url: string, token: string | undefined) {
    super(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    this.once("unexpected-response", (_request, response) => void this.#onRefused(response));
  }

  async #onRefused(response: IncomingMessage): Promise<void> {
    const { statusCode: status = 0, statusMessage: statusText = "" } = response;
    const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    // A body that breaks off says nothing; the status does.
    this.refusal = problemOf({ status, statusText, headers }, await text(response).catch(() => ""));
    this.terminate();
  }
}

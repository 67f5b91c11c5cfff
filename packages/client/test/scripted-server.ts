import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What a service does with one request. */
export type Reply = (request: IncomingMessage, response: ServerResponse) => void;

/** A request as it arrived, its body read whole. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A real HTTP server that answers each request by the next reply of a script: the faults of a service, on order. */
export class ScriptedServer {
  readonly received: Received[] = [];
  readonly #server: Server;
  #script: Reply[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const reply = this.#script.shift() ?? answer(500, {});
      reply(request, response);
    });
  }

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    await new Promise<void>((resolve) => scripted.#server.listen(0, "127.0.0.1", resolve));
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sets the replies to come and forgets the requests so far. */
  script(...replies: Reply[]): void {
    this.received.length = 0;
    this.#script = replies.map((reply) => (request, response) => this.#record(request, response, reply));
  }

  /** A reply that is given at once, before the body is read. */
  scriptRaw(reply: Reply): void {
    this.#script = [reply];
  }

  async #record(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    const body = await text(request).catch(() => undefined);
    // The client left before it had sent all: there is nobody to answer.
    if (body === undefined) return;
    const { method = "", url = "", headers } = request;
    this.received.push({
      method,
      path: url,
      type: headers["content-type"],
      authorization: headers.authorization,
      body,
    });
    reply(request, response);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return (_request, response) => {
    response.writeHead(status, { "content-type": type, ...headers }).end(JSON.stringify(body));
  };
}

/** The connection is cut before an answer. */
export const hangUp: Reply = (request) => void request.socket.destroy();

/** The connection is cut in the middle of the answer. */
export const hangUpHalfway: Reply = (request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"created":', () => request.socket.destroy());
};

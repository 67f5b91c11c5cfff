import { Agent, type IncomingHttpHeaders, request as send } from "node:http";
import { gunzipSync } from "node:zlib";

/** A request as it goes onto the wire: nothing of it is put right on the way. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** More of the body is announced than is sent. */
  readonly stalls?: true;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What a body that stalls announces besides what it sends. */
const MISSING_BYTES = 1000;

/** An answer that never ends is known by what comes first. */
const ENDLESS = "text/event-stream";

/** Requests that are under way at once; each keeps its connection. */
export const CONNECTIONS_MAX = 16;

/** A client that keeps its connections and follows nothing. */
export class Wire {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  constructor(private readonly url: string) {}

  /** @throws Error when the connection ends before the answer does */
  ask({ method, target, headers = {}, body, stalls }: ApiRequest): Promise<ApiAnswer> {
    const { hostname, port } = new URL(this.url);
    const missing = stalls === true ? MISSING_BYTES : 0;
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) + missing };
    const options = { method, hostname, port, path: target, agent: this.#agent, headers: { ...headers, ...length } };
    return new Promise((resolve, reject) => {
      const request = send(options, (response) => {
        response.on("error", reject);
        if (response.headers["content-type"] === ENDLESS) {
          response.once("data", (chunk) => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text: String(chunk) });
            request.destroy();
          });
          return;
        }
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const { statusCode = 0, headers } = response;
          if (stalls === true) request.destroy();
          const bytes = Buffer.concat(chunks);
          // A 304 names the encoding of what it does not send.
          const isZipped = headers["content-encoding"] === "gzip" && bytes.length > 0;
          resolve({ status: statusCode, headers, text: (isZipped ? gunzipSync(bytes) : bytes).toString("utf8") });
        });
      });
      request.on("error", reject);
      request.on("upgrade", ({ statusCode = 0, headers }, socket) => {
        socket.destroy();
        resolve({ status: statusCode, headers, text: "" });
      });
      if (stalls === true) request.write(body ?? "");
      else request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

import { Agent, type IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import {
  cutOff,
  type FailureLog,
  refuse,
  requestIdFor,
  requestIdOf,
  sendProblem,
  unavailable,
} from "@fx-ohlc/service-kit";
import { createProxyServer, type ProxyServer } from "httpxy";

/**
 * An upstream that says nothing for so long is taken for dead, ms: longer than any answer takes, and than the 60 s after which an
 * upload that is silent is told how much of it is stored.
 */
const UPSTREAM_IDLE_TIMEOUT_MS = 75_000;
/** A gateway answers an upgrade at once or refuses it, ms. */
const UPGRADE_TIMEOUT_MS = 10_000;

/** Connections that are kept for the next request. How many are in use is bounded before, by who asks: see `Shares`. */
const IDLE_CONNECTIONS_MAX = 256;

/** The proxy to the services. Bodies are streamed both ways; a service that cannot be reached is a 503 with `Retry-After`. */
export function createUpstreamProxy(failures: FailureLog): ProxyServer {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX });
  const proxy = createProxyServer({ upgradeTimeout: UPGRADE_TIMEOUT_MS, xfwd: true, agent });
  proxy.on("proxyReq", (upstream, _req, res) => {
    // While the reader pauses, nothing is read from the service: that is no silence of its.
    upstream.setTimeout(UPSTREAM_IDLE_TIMEOUT_MS, () => res.writableNeedDrain || upstream.destroy());
  });
  proxy.on("proxyRes", (answer, _req, res) => {
    // Between the service and here.
    delete answer.headers.connection;
    delete answer.headers["keep-alive"];
    // A service that dies in the middle: before httpxy closes the connection as if the answer were whole.
    answer.once("close", () => answer.complete || cutOff(res));
    answer.once("error", () => cutOff(res));
  });
  proxy.on("error", (cause, req, out) => {
    const problem = unavailable(serviceOf(req), cause);
    const requestId = out instanceof ServerResponse ? requestIdOf(out) : req === undefined ? "" : requestIdFor(req);
    failures.note(problem, requestId);
    if (out instanceof ServerResponse) sendProblem(out, problem);
    else if (out instanceof Socket) refuse(out, problem, requestId);
  });
  return proxy;
}

/** `Readable.from([])` is the same for ten times as much. */
class NoBody extends Readable {
  override _read(): void {
    this.push(null);
  }
}

/**
 * Asks a service. A body is handed on where the request's head tells of one: any other would be sent as the bytes it is, and be the next
 * request on a connection that others use.
 */
export async function askUpstream(proxy: ProxyServer, req: IncomingMessage, res: ServerResponse, target: string) {
  const { "content-length": length, "transfer-encoding": encoding } = req.headers;
  const hasBody = length !== undefined || encoding !== undefined;
  await proxy.web(req, res, { target, ...(hasBody ? {} : { buffer: new NoBody() }) });
}

function serviceOf(req: IncomingMessage | undefined): string {
  return `The service behind ${req?.url?.split("?", 1)[0] ?? "this path"}`;
}

/** Hands the request's id to the service, so that its log and ours name the same one. */
export function passRequestId(req: IncomingMessage, res: ServerResponse): void {
  req.headers["x-request-id"] = requestIdOf(res);
}

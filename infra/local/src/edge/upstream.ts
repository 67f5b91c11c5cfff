import { type IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { requestIdOf, sendProblem, unavailable } from "@fx-ohlc/service-kit";
import { createProxyServer, type ProxyServer } from "httpxy";

/**
 * An upstream that says nothing for so long is taken for dead, ms: longer than any answer takes, and than the pause in an
 * upload whose chunk waits for its commit.
 */
const UPSTREAM_IDLE_TIMEOUT_MS = 60_000;
/** A gateway answers an upgrade at once or refuses it, ms. */
const UPGRADE_TIMEOUT_MS = 10_000;

/** The proxy to the services. Bodies are streamed both ways; a service that cannot be reached is a 503 with `Retry-After`. */
export function createUpstreamProxy(): ProxyServer {
  const proxy = createProxyServer({
    proxyTimeout: UPSTREAM_IDLE_TIMEOUT_MS,
    upgradeTimeout: UPGRADE_TIMEOUT_MS,
    xfwd: true,
  });
  proxy.on("error", (cause, req, out) => {
    if (out instanceof ServerResponse) sendProblem(out, unavailable(serviceOf(req), cause));
    else if (out instanceof Socket) refuseUpgrade(out, 503);
  });
  return proxy;
}

function serviceOf(req: IncomingMessage | undefined): string {
  return `The service behind ${req?.url?.split("?", 1)[0] ?? "this path"}`;
}

/** Answers an upgrade that comes to nothing; there is no response object then. */
export function refuseUpgrade(socket: Socket, status: 404 | 503): void {
  if (!socket.writable) return;
  const [reason, code] = status === 404 ? ["Not Found", "not_found"] : ["Service Unavailable", "unavailable"];
  const body = JSON.stringify({ type: `/problems/${code}`, title: reason, status });
  const retry = status === 503 ? "Retry-After: 1\r\n" : "";
  const headers = `Content-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n${retry}Connection: close\r\n`;
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${headers}\r\n${body}`);
}

/** Hands the request's id to the service, so that its log and ours name the same one. */
export function passRequestId(req: IncomingMessage, res: ServerResponse): void {
  req.headers["x-request-id"] = requestIdOf(res);
}

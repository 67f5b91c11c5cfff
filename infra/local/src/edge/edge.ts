import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServiceName } from "@fx-ohlc/contract";
import {
  assignRequestId,
  callerNetwork,
  createLogger,
  FailureLog,
  type HttpServer,
  listen,
  Problem,
  problemOf,
  refuse,
  requestIdFor,
  requireAllowedHost,
  type Service,
  sendJson,
  sendProblem,
} from "@fx-ohlc/service-kit";
import { systemHealth, systemReady } from "./aggregate-health.js";
import type { EdgeConfig } from "./config.js";
import { InOrder } from "./in-order.js";
import { METRICS, type Route, routeOf } from "./routes.js";
import { Shares } from "./shares.js";
import { askUpstream, createUpstreamProxy, passRequestId } from "./upstream.js";

/** The services have ended before the edge stops: nothing that is still open can be answered, ms. */
const DRAIN_DEADLINE_MS = 500;

const UNCACHED = { "Cache-Control": "no-store" };
const READ_ONLY = new Problem("method_not_allowed", "This path is only read.", { headers: { Allow: "GET, HEAD" } });
const NOTHING_HERE = new Problem("not_found", "There is nothing at this path.");

type Proxied = Extract<Route, { kind: "proxy" }>;

/** One address for the three services: HTTP and WebSockets by path. */
export class Edge implements Service {
  readonly #config: EdgeConfig;
  readonly #proxy = createUpstreamProxy(new FailureLog(createLogger({ service: "edge", level: "info" })));
  readonly #inOrder = new InOrder();
  readonly #shares: Readonly<Record<ServiceName, Shares>> = {
    "tick-ingest": new Shares(),
    "ohlc-query": new Shares(),
    "stream-gateway": new Shares(),
  };
  #server: HttpServer | undefined;

  constructor(config: EdgeConfig) {
    this.#config = config;
  }

  /** Where it listens, which port 0 leaves to the system. */
  get port(): number | undefined {
    return this.#server?.port;
  }

  /** @throws Error in one line when the port is taken */
  async start(): Promise<void> {
    // An upload lasts as long as it needs; the services bound what is silent.
    this.#server = await listen((req, res) => void this.#inOrder.run(res, (over) => this.#answer(req, res, over)), {
      port: this.#config.port,
      host: this.#config.door.bindAddresses,
      forwarding: this.#config.door,
      requestTimeoutMs: 0,
      onWebSocket: (req, socket, head) => this.#upgrade(req, socket, head),
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop(DRAIN_DEADLINE_MS);
  }

  async #answer(req: IncomingMessage, res: ServerResponse, over: Promise<void>): Promise<void> {
    assignRequestId(req, res);
    const route = routeOf(req.method ?? "", req.url ?? "");
    try {
      if (route.kind === "proxy") await this.#handOn(route, req, res, over);
      else await this.#answerItself(route.kind, req, res);
    } catch (error) {
      sendProblem(res, problemOf(error));
    }
  }

  async #handOn(
    { service, target }: Proxied,
    req: IncomingMessage,
    res: ServerResponse,
    over: Promise<void>,
  ): Promise<void> {
    if (target !== METRICS) this.#requireName(req);
    passRequestId(req, res);
    delete req.headers.expect; // Answered here.
    req.url = target;
    const ask = () => askUpstream(this.#proxy, req, res, this.#config.urls[service]);
    await this.#shares[service].run({ caller: callerNetwork(req), res, over }, ask);
  }

  /**
   * A service is told by which name it was asked, and judges it; only where a request says none, or an empty one, it would be
   * told its own.
   *
   * @throws Problem 421
   */
  #requireName(req: IncomingMessage): void {
    if (!req.headers.host) requireAllowedHost(this.#config.door, req);
  }

  async #answerItself(kind: Exclude<Route["kind"], "proxy">, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { urls, version, door } = this.#config;
    // Probes ask by address; what is handed on is judged by the services, who are given the name it was asked by.
    if (kind === "health" || kind === "none") requireAllowedHost(door, req);
    if (kind === "none") return sendProblem(res, NOTHING_HERE);
    if (req.method !== "GET" && req.method !== "HEAD") return sendProblem(res, READ_ONLY);
    if (kind === "live") return sendJson(res, 200, { status: "alive" }, UNCACHED);
    if (kind === "ready") {
      const ready = await systemReady(urls);
      return sendJson(res, ready ? 200 : 503, { status: ready ? "ready" : "not_ready" }, UNCACHED);
    }
    const health = await systemHealth(urls, version, req.headers.authorization);
    return sendJson(res, health.status === "healthy" ? 200 : 503, health, UNCACHED);
  }

  #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!(socket instanceof Socket)) return;
    socket.on("error", () => socket.destroy());
    const route = routeOf(req.method ?? "", req.url ?? "");
    try {
      if (route.kind !== "proxy" || route.service !== "stream-gateway") throw NOTHING_HERE;
      this.#requireName(req);
      void this.#proxy.ws(req, socket, { target: this.#config.urls[route.service] }, head);
    } catch (error) {
      refuse(socket, problemOf(error), requestIdFor(req));
    }
  }
}

import { createAccess } from "@fx-ohlc/access";
import { documentsOf, STREAM_ROUTES } from "@fx-ohlc/contract";
import { siteFolder } from "@fx-ohlc/dashboard";
import { formatTime } from "@fx-ohlc/schemas";
import {
  bindRoutes,
  clockHealth,
  createHttpApp,
  createLogger,
  exportClockSkew,
  exportReplicas,
  type Handler,
  type Handlers,
  Health,
  type HttpServer,
  listen,
  Metrics,
  openRedis,
  Problem,
  type Service,
  sendJson,
  stopInOrder,
  type UpgradeListener,
} from "@fx-ohlc/service-kit";
import type { Config } from "./config.js";
import { askedEvents } from "./events/asked-events.js";
import { Gateway } from "./gateway.js";
import { exportMetrics } from "./metrics.js";
import { withPage } from "./page/with-page.js";

const SERVICE = "stream-gateway";

/** The service, with the port it listens on once it has started. */
export interface App extends Service {
  readonly port: number;
}

/** Composes the service. Nothing is connected before `start`. */
export function createApp(config: Config, version: string): App {
  const logger = createLogger({ service: SERVICE, level: config.logLevel });
  const metrics = new Metrics();
  const redis = openRedis({ name: SERVICE, logger }, config.redis);
  const subscription = openRedis({ name: `${SERVICE}-subscription`, logger }, config.redis);
  const links = [subscription, redis];
  const check = () => Promise.all(links.map((link) => link.ping()));
  const namespace = () => gateway.namespace;
  const access = createAccess({ config: config.access, name: SERVICE, namespace, logger, metrics });
  const gateway: Gateway = new Gateway(config, { redis, subscription, gate: access.gate, logger });
  const health = new Health({
    version,
    dependencies: [{ name: "redis", requiredForReady: true, check }],
    isPrepared: () => gateway.isPrepared,
    problems: () => clockHealth(gateway.clock).problems,
    details: () => clockHealth(gateway.clock).details,
  });
  exportClockSkew(metrics, gateway.clock);
  exportReplicas(metrics, config.replicasExpected);
  exportMetrics(metrics, gateway.counters, gateway.connections);
  const api = createHttpApp({
    logger,
    metrics,
    health,
    gate: access.gate,
    allowedOrigins: config.access.door.allowedOrigins,
    documents: documentsOf(SERVICE, version),
    routes: bindRoutes(STREAM_ROUTES, streamHandlers(gateway)),
  });
  const handler = withPage(siteFolder, config.access.door, api);
  const graceMs = config.shutdownGraceMs;
  let server: HttpServer | undefined;
  return {
    get port() {
      return server?.port ?? config.port;
    },
    start: async () => {
      const onWebSocket: UpgradeListener = (request, socket, head) =>
        void gateway.admission.onUpgrade(request, socket, head);
      const { door } = config.access;
      server = await listen(handler, { port: config.port, host: door.bindAddresses, forwarding: door, onWebSocket });
      access.start();
      gateway.start();
      for (const link of links) link.open();
      logger.info("listening", { port: server.port });
    },
    stop: () =>
      stopInOrder(logger, [
        { name: "not ready", deadlineMs: 100, run: () => health.drain() },
        { name: "clients", deadlineMs: config.drainMs * 2 + 4000, run: () => gateway.drain() },
        { name: "requests", deadlineMs: 3000 + graceMs, run: () => server?.stop(2000, graceMs) },
        { name: "gateway", deadlineMs: 100, run: () => gateway.stop() },
        { name: "access", deadlineMs: 1000, run: () => access.stop() },
        { name: "redis", deadlineMs: 1000, run: () => links.map((link) => link.close()) },
      ]),
  };
}

/** A socket's path asked without an upgrade: Node hands upgrades to admission. */
const needsUpgrade: Handler = () => {
  throw new Problem("malformed", "This is a WebSocket endpoint: connect with ws:// and an Upgrade header.");
};

function streamHandlers(gateway: Gateway): Handlers<typeof STREAM_ROUTES> {
  const { connections, clock } = gateway;
  return {
    streamEvents: (req, res, { query, caller }) => {
      const last = req.headers["last-event-id"];
      const asked = askedEvents(query, typeof last === "string" && last !== "" ? last : undefined);
      return gateway.acceptEvents(req, res, caller, asked);
    },
    getStreamStats: (_req, res) => {
      const timestamp = formatTime(clock.nowUs());
      sendJson(res, 200, { connections: connections.counts(), total: connections.size, timestamp });
    },
    streamChannels: needsUpgrade,
    streamTicks: needsUpgrade,
    streamBars: needsUpgrade,
    streamMinuteBars: needsUpgrade,
    streamHourBars: needsUpgrade,
    streamDayBars: needsUpgrade,
  };
}

import { siteFolder } from "@fx-ohlc/dashboard";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import {
  createHttpApp,
  createLogger,
  Health,
  type HttpServer,
  type Logger,
  listen,
  Metrics,
  Problem,
  RedisLink,
  type Service,
  sendJson,
  stopInOrder,
} from "@fx-ohlc/service-kit";
import type { Express } from "express";
import type { Config } from "./config.js";
import type { Connections } from "./connection/connections.js";
import { SOCKET_PATHS } from "./endpoints/routes.js";
import { Gateway } from "./gateway.js";
import { exportMetrics } from "./metrics.js";
import { addPageRoutes } from "./page/page-routes.js";

const SERVICE = "stream-gateway";

/** The service, with the port it listens on once it has started. */
export interface App extends Service {
  readonly port: number;
}

/** Composes the service. Nothing is connected before `start`. */
export function createApp(config: Config, version: string): App {
  const logger = createLogger({ service: SERVICE, level: config.logLevel });
  const metrics = new Metrics();
  const redis = new RedisLink({ url: config.redisUrl, name: SERVICE, logger });
  const subscription = redis.duplicate(`${SERVICE}-subscription`);
  const check = () => Promise.all([redis.ping(), subscription.ping()]);
  const gateway = new Gateway(config, { redis, subscription, logger });
  const health = new Health({
    version,
    dependencies: [{ name: "redis", requiredForReady: true, check }],
    isPrepared: () => gateway.isPrepared,
  });
  exportMetrics(metrics, gateway.counters, gateway.connections);
  const routes = (app: Express) => addRoutes(app, gateway.connections);
  const handler = createHttpApp({ logger, metrics, health, cors: true, routes });
  let server: HttpServer | undefined;
  return {
    get port() {
      return server?.port ?? config.port;
    },
    start: async () => {
      server = await listen(handler, { port: config.port });
      server.server.on("upgrade", (request, socket, head) => gateway.gate.onUpgrade(request, socket, head));
      gateway.start();
      for (const link of [subscription, redis]) link.open();
      logger.info("listening", { port: server.port });
    },
    stop: () => stopParts({ logger, health, gateway, redis, subscription, config }, server),
  };
}

function addRoutes(app: Express, connections: Connections): void {
  app.get("/ws/stats", (_req, res) => {
    sendJson(res, 200, { connections: connections.counts(), total: connections.size, timestamp: formatTime(nowUs()) });
  });
  app.get([...SOCKET_PATHS], () => {
    throw new Problem("malformed", "This is a WebSocket endpoint: connect with ws:// and an Upgrade header.");
  });
  addPageRoutes(app, siteFolder);
}

interface Parts {
  readonly logger: Logger;
  readonly health: Health;
  readonly gateway: Gateway;
  readonly redis: RedisLink;
  readonly subscription: RedisLink;
  readonly config: Config;
}

async function stopParts(
  { logger, health, gateway, redis, subscription, config }: Parts,
  server?: HttpServer,
): Promise<void> {
  await stopInOrder(logger, [
    { name: "not ready", deadlineMs: 100, run: () => health.drain() },
    { name: "clients", deadlineMs: config.drainMs * 2 + 4000, run: () => gateway.drain() },
    { name: "requests", deadlineMs: 3000, run: () => server?.stop(2000) },
    { name: "gateway", deadlineMs: 100, run: () => gateway.stop() },
    {
      name: "redis",
      deadlineMs: 1000,
      run: () => {
        subscription.close();
        redis.close();
      },
    },
  ]);
}

import { createAccess } from "@fx-ohlc/access";
import { documentsOf } from "@fx-ohlc/contract";
import { Database, databaseProblem } from "@fx-ohlc/database";
import { MarketSessions } from "@fx-ohlc/schemas";
import {
  clockHealth,
  createHttpApp,
  createLogger,
  exportClockSkew,
  exportReplicas,
  Health,
  type HttpServer,
  type Logger,
  listen,
  Metrics,
  type Service,
  stopInOrder,
  type Tracer,
} from "@fx-ohlc/service-kit";
import { Archive } from "./archive/archive.js";
import { AsOfPages } from "./as-of/as-of-pages.js";
import type { Moment } from "./as-of/moment.js";
import { BarPages } from "./bars/bar-page.js";
import { ChunkCache } from "./bars/chunk-cache.js";
import { GroupedReads } from "./bars/grouped-reads.js";
import { Histories } from "./bars/histories.js";
import type { Config } from "./config.js";
import { takeSuffix } from "./http/format-suffix.js";
import { type OpenSources, queryRoutes, type ReadSources } from "./http/routes.js";
import { QueryMetrics } from "./metrics.js";
import { Reader } from "./reader.js";

/** Of the time that a request has, for each try to read a file. */
const STORE_TRY_SHARE = 0.4;
const STORE_TRIES_MAX = 2;
const SERVICE = "ohlc-query";
/** A statement is cancelled at its request's deadline; what no cancel reaches the server gives up so much later, ms. */
const STATEMENT_GRACE_MS = 500;
const BYTES_PER_MB = 1024 * 1024;

/** The service, with the port it listens on once it has started. */
export interface App extends Service {
  readonly port: number;
}

/** Composes the service. Nothing is connected before `start`. */
export function createApp(config: Config, version: string, signal: AbortSignal, tracer?: Tracer): App {
  const logger = createLogger({ service: SERVICE, level: config.logLevel });
  const metrics = new Metrics();
  const database = openDatabase(config, config.databaseUrl, logger);
  const standby =
    config.databaseReadUrl === undefined ? undefined : openDatabase(config, config.databaseReadUrl, logger, "standby");
  const check = async () => database.assertAvailable();
  const health = new Health({
    version,
    dependencies: [{ name: "database", requiredForReady: true, check }],
    problems: () => clockHealth(database.clock).problems,
    details: () => clockHealth(database.clock).details,
  });
  exportClockSkew(metrics, database.clock);
  exportReplicas(metrics, config.replicasExpected);
  const access = createAccess({
    config: config.access,
    name: SERVICE,
    namespace: () => namespaceOf(database),
    logger,
    metrics,
  });
  const archive = new Archive({
    url: config.archiveUrl,
    threads: config.archiveThreads,
    store: {
      ...{ endpoint: config.archiveEndpoint, region: config.archiveRegion },
      // A store that does not answer is away, and that is told before the request's own time is over.
      ...{ timeoutMs: Math.floor(config.queryTimeoutMs * STORE_TRY_SHARE), triesMax: STORE_TRIES_MAX },
    },
    onFailure: (error, file) => logger.warn("a file of the archive was not read", { error, file }),
  });
  const handler = createHttpApp({
    logger,
    metrics,
    health,
    gate: access.gate,
    allowedOrigins: config.access.door.allowedOrigins,
    mapError: databaseProblem,
    tracer,
    documents: documentsOf(SERVICE, version),
    routes: queryRoutes(readSources(config, { metrics, archive }, database, standby)),
  });
  const graceMs = config.shutdownGraceMs;
  let server: HttpServer | undefined;
  return {
    get port() {
      return server?.port ?? config.port;
    },
    // It listens first: while the database is away requests are answered 503 and the service is not ready.
    start: async () => {
      const { door } = config.access;
      const suffixed: typeof handler = (req, res) => {
        takeSuffix(req);
        handler(req, res);
      };
      server = await listen(suffixed, { port: config.port, host: door.bindAddresses, forwarding: door });
      logger.info("listening", { port: server.port });
      access.start();
      database.start();
      standby?.start();
      await database.untilAvailable(signal);
    },
    stop: () =>
      stopInOrder(logger, [
        { name: "not ready", deadlineMs: 100, run: () => health.drain() },
        { name: "requests", deadlineMs: 6000 + graceMs, run: () => server?.stop(5000, graceMs) },
        { name: "access", deadlineMs: 1000, run: () => access.stop() },
        { name: "archive", deadlineMs: 1000, run: () => archive.stop() },
        { name: "database", deadlineMs: 3000, run: () => Promise.all([database.close(2000), standby?.close(2000)]) },
      ]),
  };
}

/** undefined before the database was ever seen. */
function namespaceOf(database: Database): string | undefined {
  return database.clock.isKnown ? database.settings.streamNamespace : undefined;
}

/** While the standby is away, the primary answers in its place. */
function readSources(
  config: Config,
  { metrics, archive }: { readonly metrics: Metrics; readonly archive: Archive },
  database: Database,
  standby: Database | undefined,
): ReadSources {
  const cache = new ChunkCache(config.barCacheMb * BYTES_PER_MB);
  const queryMetrics = new QueryMetrics(metrics, cache);
  const histories = new Histories(cache);
  const onValidated = (seconds: number) => queryMetrics.observeValidation(seconds);
  const sessions = new MarketSessions(config.marketSessions);
  const from = (...databases: [Database, ...Database[]]): OpenSources => {
    const all = Reader.of(archive, config.databaseConnectionsMax, ...databases);
    const stored = new GroupedReads(all, histories, onValidated);
    return (ending, caller) => {
      const reader = all.until(ending);
      const pagesAsOf = (moment: Moment) => new AsOfPages(reader.at(moment.us), stored, moment);
      const pages = new BarPages(reader, stored);
      return { reader, pages, pagesAsOf, moment: undefined, sessions, metrics: queryMetrics, caller };
    };
  };
  const primary = from(database);
  const history = standby === undefined ? primary : from(standby, database);
  return { primary, history, timeoutMs: config.queryTimeoutMs };
}

function openDatabase(config: Config, url: string, logger: Logger, name = "database"): Database {
  const database = new Database({
    url,
    applicationName: SERVICE,
    connectionsMax: config.databaseConnectionsMax,
    statementTimeoutMs: config.queryTimeoutMs + STATEMENT_GRACE_MS,
    idleInTransactionTimeoutMs: config.queryTimeoutMs,
    prepare: config.databasePrepare,
  });
  database.on("available", () => logger.info(`${name} available`, { ...database.settings }));
  database.on("away", (error) => logger.warn(`${name} away`, { error }));
  return database;
}

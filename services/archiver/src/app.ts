import { createAccess } from "@fx-ohlc/access";
import { type ArchiveStore, CodingThread } from "@fx-ohlc/archive";
import { Database, databaseProblem } from "@fx-ohlc/database";
import { ArchiveWorker, openArchive } from "@fx-ohlc/database/archive";
import {
  createHttpApp,
  createLogger,
  exportClockSkew,
  Health,
  type HttpServer,
  listen,
  Metrics,
  type Service,
  stopInOrder,
  type Tracer,
} from "@fx-ohlc/service-kit";
import type { Config } from "./config.js";
import { ArchiveMetrics } from "./metrics.js";
import { tracedDay } from "./traced-day.js";

const SERVICE = "archiver";
const STATEMENT_TIMEOUT_MS = 10_000;

/** Composes the service: a worker that archives, and who asks how it is. Nothing is connected before `start`. */
export function createApp(
  config: Config,
  version: string,
  signal: AbortSignal,
  tracer?: Tracer,
): Service & { readonly port: number } {
  const logger = createLogger({ service: SERVICE, level: config.logLevel });
  const metrics = new Metrics();
  const database = openDatabase(config);
  database.on("away", (error) => logger.warn("database away", { error }));
  const archiveMetrics = new ArchiveMetrics(metrics, () => database.nowUs(), config.rules.afterDays);
  exportClockSkew(metrics, database.clock);
  const health = createHealth(version, database, archiveMetrics);
  const namespace = () => (database.clock.isKnown ? database.settings.streamNamespace : undefined);
  const access = createAccess({ config: config.access, name: SERVICE, namespace, logger, metrics });
  const { gate } = access;
  const { door } = config.access;
  const handler = createHttpApp({
    ...{ logger, metrics, health, gate, tracer, allowedOrigins: door.allowedOrigins, mapError: databaseProblem },
  });
  const coder = new CodingThread();
  let server: HttpServer | undefined;
  let store: ArchiveStore | undefined;
  let worker: ArchiveWorker | undefined;
  return {
    get port() {
      return server?.port ?? config.port;
    },
    start: async () => {
      server = await listen(handler, { port: config.port, host: door.bindAddresses, forwarding: door });
      logger.info("listening", { port: server.port });
      access.start();
      database.start();
      store = await openArchive(config);
      await database.untilAvailable(signal);
      worker = new ArchiveWorker({
        ...{ url: config.databaseDirectUrl, store, coder, rules: config.rules },
        onError: (error, day) => {
          archiveMetrics.countError();
          logger.warn("archiving failed, trying again", { error, ...day });
        },
        onDay: (outcome, day) => {
          archiveMetrics.countDay(outcome);
          logger.debug("archived", { ...day, ...outcome });
        },
        onPass: (report) => {
          const before = archiveMetrics.lastReport?.refusedBecause ?? null;
          archiveMetrics.notePass(report);
          const { refusedBecause } = report;
          if (refusedBecause !== null && refusedBecause !== before)
            logger.error("nothing is archived", { refusedBecause });
        },
        onBacklog: (backlog) => archiveMetrics.noteBacklog(backlog),
        onAway: (backlog) => archiveMetrics.noteAway(backlog),
        notice: (message, fields) => logger.warn(message, fields),
        ...(tracer && { watch: tracedDay(tracer) }),
      });
      worker.start();
    },
    stop: () =>
      stopInOrder(logger, [
        { name: "not ready", deadlineMs: 100, run: () => health.drain() },
        { name: "archiving", deadlineMs: 3000, run: () => worker?.stop() },
        { name: "requests", deadlineMs: 2000, run: () => server?.stop(1000, 0) },
        { name: "access", deadlineMs: 1000, run: () => access.stop() },
        { name: "store", deadlineMs: 1000, run: () => Promise.all([coder.close(), store?.close()]) },
        { name: "database", deadlineMs: 3000, run: () => database.close(2000) },
      ]),
  };
}

function createHealth(version: string, database: Database, metrics: ArchiveMetrics): Health {
  return new Health({
    version,
    dependencies: [{ name: "database", requiredForReady: true, check: async () => database.assertAvailable() }],
    problems: () => {
      if (metrics.isStoreAway) return ["nothing is archived, and nothing dropped: the archive's store is away"];
      const reason = metrics.lastReport?.refusedBecause ?? null;
      // Where the archive is, is nobody's business who may ask for health.
      if (reason === null) return [];
      return ["nothing is archived, and nothing dropped: the dataset is not where it belongs, or another database's"];
    },
  });
}

function openDatabase({ databaseUrl, databaseDirectUrl }: Config): Database {
  return new Database({
    ...{ url: databaseUrl, applicationName: SERVICE, connectionsMax: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS },
    ...{ directUrl: databaseDirectUrl },
  });
}

import { accessNames, createAccess } from "@fx-ohlc/access";
import { ACCESS_ROUTES, documentsOf, INGEST_ROUTES } from "@fx-ohlc/contract";
import {
  Database,
  type DatabaseJob,
  databaseProblem,
  inSession,
  type MaintenanceState,
  MaintenanceWorker,
  readJobs,
  readMaintenance,
} from "@fx-ohlc/database";
import { type Deployment, MarketSessions, streamNames, type TickRules } from "@fx-ohlc/schemas";
import {
  bindRoutes,
  clockHealth,
  createHttpApp,
  createLogger,
  exportClockSkew,
  exportReplicas,
  FairTurns,
  Health,
  type HttpServer,
  type Logger,
  listen,
  Metrics,
  openRedis,
  type RedisStore,
  type Service,
  stopInOrder,
  type Tracer,
} from "@fx-ohlc/service-kit";
import { accessHandlers } from "./access/access-routes.js";
import { AuditLog } from "./access/audit-log.js";
import { KeyPublisher } from "./access/key-publisher.js";
import { KeyStore } from "./access/key-store.js";
import { StampClock } from "./clock.js";
import type { Config } from "./config.js";
import { observeFeeds } from "./feeds/feed-metrics.js";
import { feedHandlers } from "./feeds/feed-routes.js";
import { Feeds } from "./feeds/feeds.js";
import { batchHandlers } from "./http/batch-routes.js";
import { postBulk } from "./http/bulk-route.js";
import { ChangeTurns } from "./http/change-turns.js";
import { correctionHandlers } from "./http/correction-routes.js";
import { postTick } from "./http/single-tick.js";
import { symbolHandlers } from "./http/symbol-routes.js";
import { postLineProtocol } from "./http/write-route.js";
import { LogKeeper } from "./log-keeper.js";
import { IngestMetrics } from "./metrics.js";
import { LostCommits } from "./publish/lost-commits.js";
import { Publisher } from "./publish/publisher.js";
import { finishRefresh } from "./publish/refreshed.js";
import { StreamSpace } from "./publish/stream-space.js";
import { ToldCorrections } from "./publish/told-corrections.js";
import { CommitLedger } from "./write/commit-ledger.js";
import { CopyTrust } from "./write/copy-trust.js";
import { Corrections } from "./write/corrections.js";
import { GroupCommit, type Writer } from "./write/group-commit.js";
import { SymbolTable } from "./write/symbol-table.js";
import { TickWriter } from "./write/tick-writer.js";
import { tracedCommit } from "./write/traced-commit.js";

const SERVICE = "tick-ingest";
/** Two for single ticks, two for bulk, two for corrections, and one to spare. */
const CONNECTIONS_MAX = 7;
/**
 * Corrections that wait are answered some 5 ms each after those before them; with more of them a new one is better asked to come
 * back, and so is one of a caller who has half of them.
 */
const CORRECTIONS = {
  runningMax: 2,
  runningPerCallerMax: 2,
  waitingMax: 5000,
  waitingPerCallerMax: 2500,
  whenFull: "too many corrections wait to be written; send this again",
};
/** A commit of 50,000 ticks takes about half a second; what takes longer than this will not end well. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** A process that stops in the middle of a transaction must not keep its symbols locked. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5000;

type Parts = ReturnType<typeof createParts>;

/** Everything the service is made of. */
function createParts(config: Config, version: string) {
  const logger = createLogger({ service: SERVICE, level: config.logLevel });
  const metrics = new Metrics();
  const database = openDatabase(config, logger);
  const ingestMetrics = new IngestMetrics(metrics, () => database.nowUs());
  const redis = openRedis({ name: SERVICE, logger }, config.redis);
  const ledger = new CommitLedger();
  const deployment = deploymentOf(database);
  const publisher = new Publisher({ ...publishing(config, redis, logger), redis, ledger, logger, deployment });
  database.on("available", () => publisher.wake());
  ingestMetrics.observePublisher(metrics, publisher);
  exportClockSkew(metrics, database.clock);
  exportReplicas(metrics, config.replicasExpected);
  ingestMetrics.observeMaintenance(metrics, () => maintenanceOf(database));
  ingestMetrics.observeJobs(metrics, () => jobsOf(database));
  const trust = new CopyTrust(config.copyDoubtMs);
  ingestMetrics.observeCopies(metrics, trust);
  const logKeeper = new LogKeeper(database, redis, logger);
  const writer = telling(new TickWriter(database, ledger, trust, config), publisher, ingestMetrics);
  const namespace = () => deployment()?.names.namespace;
  const keyStore = new KeyStore(database);
  const auditLog = new AuditLog(database);
  // By the database, whatever becomes of Redis.
  const readKeys = (known: string | undefined) => database.whileAvailable(() => keyStore.news(known));
  const keys = { ...config, database, store: keyStore, audit: auditLog, redis, namespace, logger };
  const keyPublisher = new KeyPublisher(keys);
  const sessions = new MarketSessions(config.marketSessions);
  const feeds = new Feeds({ database, redis, namespace, sessions, quietAfterS: config.quietAfterS, logger });
  observeFeeds(metrics, feeds);
  return {
    logger,
    metrics,
    access: createAccess({ config: config.access, name: SERVICE, namespace, readKeys, logger, metrics }),
    accessNames: () => namesOf(namespace()),
    keyStore,
    auditLog,
    keyPublisher,
    feeds,
    ingestMetrics,
    database,
    redis,
    publisher,
    corrections: new Corrections(database, ledger),
    toldCorrections: new ToldCorrections({ database, ledger, publisher, logger }),
    symbolTable: new SymbolTable(database, config),
    turns: new ChangeTurns(database, new FairTurns(CORRECTIONS)),
    logKeeper,
    lostCommits: new LostCommits({ database, ledger, publisher, redis, logger }),
    maintenance: new MaintenanceWorker({
      url: config.databaseDirectUrl,
      recognise: (state) => database.assertSame(state),
      finish: finishRefresh(ledger, publisher),
      onError: (error) => logger.warn("maintenance of bars and ticks failed, trying again", { error }),
      notice: (message, fields) => logger.warn(message, fields),
    }),
    health: createHealth(version, database, redis, [database, publisher, logKeeper, keyPublisher, feeds]),
    // Two of them, so that a live tick never waits behind a bulk request of other symbols.
    singles: new GroupCommit(database, writer, config),
    bulk: new GroupCommit(database, writer, { ...config, flushIntervalMs: 0 }),
  };
}

/** Composes the service. Nothing is connected before `start`. */
export function createApp(
  config: Config,
  version: string,
  signal: AbortSignal,
  tracer?: Tracer,
): Service & { readonly port: number } {
  const parts = createParts(config, version);
  const { logger, metrics, access, ingestMetrics, database, health } = parts;
  const stamps = new StampClock(() => database.nowUs());
  const rules = () => tickRules(database, stamps, config);
  const writeLines = postLineProtocol(parts.bulk, rules, parts.feeds, config.access.door.allowedOrigins);
  const handler = createHttpApp({
    logger,
    metrics,
    health,
    gate: access.gate,
    allowedOrigins: config.access.door.allowedOrigins,
    documents: documentsOf(SERVICE, version),
    routes: [
      ...bindRoutes(INGEST_ROUTES, {
        postTick: postTick(parts.singles, rules, parts.feeds),
        postTicks: postBulk(parts.bulk, rules, parts.feeds),
        writeLines,
        writeLinesV2: writeLines,
        ...correctionHandlers(parts),
        ...batchHandlers(parts, config.access.door.allowedOrigins),
        ...symbolHandlers(parts),
        ...feedHandlers(parts),
      }),
      ...bindRoutes(ACCESS_ROUTES, accessHandlers(parts)),
    ],
    mapError: databaseProblem,
    tracer,
    onProblem: ({ code }) => ingestMetrics.countRejected(code),
  });
  let server: HttpServer | undefined;
  return {
    get port() {
      return server?.port ?? config.port;
    },
    start: async () => {
      // It listens first: while the database is away requests are answered 503 and the service is not ready.
      const { door } = config.access;
      const options = { port: config.port, host: door.bindAddresses, forwarding: door, requestTimeoutMs: 0 };
      server = await listen(handler, options);
      logger.info("listening", { port: server.port });
      await startParts(parts, signal);
    },
    stop: () => stopParts(parts, config.shutdownGraceMs, server),
  };
}

function namesOf(namespace: string | undefined) {
  return namespace === undefined ? undefined : accessNames(namespace);
}

/** How much may wait for Redis, and be held there. */
function publishing(
  { publishBufferMax, streamKeepS: keepS, streamBytesMax }: Config,
  redis: RedisStore,
  logger: Logger,
) {
  const space = new StreamSpace({ redis, logger, bytesMax: streamBytesMax, keepS });
  return { bufferMax: publishBufferMax, keepS, space };
}

/** Every transaction that is known to be committed is counted and told of, in their order. */
function telling(writer: TickWriter, publisher: Publisher, metrics: IngestMetrics): Writer {
  return {
    isTrusted: (request) => writer.isTrusted(request),
    commit: async (requests) => {
      const startedMs = performance.now();
      const { commit, span } = await tracedCommit(requests, () => writer.commit(requests));
      metrics.countCommit(commit, (performance.now() - startedMs) / 1000, span?.traceId);
      const { created, untold } = commit;
      if (untold !== undefined) publisher.publishTicks(created, { ...commit, untold, span });
      return commit;
    },
  };
}

function problemsOf({ ageS, isMarkAhead }: MaintenanceState): string[] {
  const problems: string[] = [];
  if (ageS > BACKLOG_AGE_MAX_S)
    problems.push(`late ticks or corrections have waited ${Math.round(ageS)} s for their bars`);
  if (isMarkAhead) problems.push("ticks of the present are refused: the mark of dropped ticks lies in the future");
  return problems;
}

/** Bars that are so far behind that somebody should look: ten times what an import of many years takes. */
const BACKLOG_AGE_MAX_S = 300;

/** What tells by itself what is wrong with it. */
interface Complaining {
  readonly problems: readonly string[];
}

function createHealth(version: string, database: Database, redis: RedisStore, parts: readonly Complaining[]): Health {
  let maintenance = NOTHING_WAITS;
  const check = async () => {
    database.assertAvailable();
    maintenance = await maintenanceOf(database);
  };
  return new Health({
    version,
    dependencies: [
      { name: "database", requiredForReady: true, check },
      { name: "redis", requiredForReady: false, check: () => redis.ping() },
    ],
    problems: () => [
      ...parts.flatMap(({ problems }) => problems),
      ...problemsOf(maintenance),
      ...clockHealth(database.clock).problems,
    ],
    details: () => ({
      ...clockHealth(database.clock).details,
      refresh_backlog_age_s: Math.round(maintenance.ageS * 10) / 10,
    }),
    freshDetails: async () => {
      database.assertAvailable();
      const { windows, etaS } = await maintenanceOf(database);
      return { refresh_backlog_windows: windows, refresh_backlog_eta_s: Math.ceil(etaS) };
    },
  });
}

/** For whom is published: known from the first sight of the database on, and read again at every later one. */
function deploymentOf(database: Database): () => Deployment | undefined {
  let known: { readonly namespace: string; readonly deployment: Deployment } | undefined;
  let isSeen = false;
  database.once("available", () => {
    isSeen = true;
  });
  return () => {
    if (!isSeen) return undefined;
    const { streamNamespace: namespace, incarnation } = database.settings;
    if (known?.namespace !== namespace || known.deployment.incarnation !== incarnation) {
      const names = known?.namespace === namespace ? known.deployment.names : streamNames(namespace);
      known = { namespace, deployment: { names, incarnation } };
    }
    return known.deployment;
  };
}

function openDatabase(config: Config, logger: Logger): Database {
  const database = new Database({
    url: config.databaseUrl,
    applicationName: SERVICE,
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    prepare: config.databasePrepare,
    idleInTransactionTimeoutMs: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    isWritten: true,
    directUrl: config.databaseDirectUrl,
  });
  database.on("available", () => logger.info("database available", { ...database.settings }));
  database.on("away", (error) => logger.warn("database away", { error }));
  database.on("changed", ({ incarnation }) => {
    logger.warn("the database may have gone back, or is another one: it has a new incarnation", { incarnation });
  });
  return database;
}

/** Now is the database's: replicas stamp and judge alike, and a machine whose clock is wrong harms no tick. */
function tickRules(database: Database, stamps: StampClock, { maxClockSkewUs }: Config): TickRules {
  return { nowUs: database.nowUs(), stampUs: stamps.next(), maxClockSkewUs };
}

const NOTHING_WAITS: MaintenanceState = {
  ...{ windows: 0, ageS: 0, etaS: 0 },
  heldBecause: null,
  isMarkAhead: false,
  isArchiveRefused: false,
  closedAgeS: 0,
  untoldAgeS: 0,
};

/** While the database is away nobody knows what waits: whoever waits for none must not be told that there is none. */
const NOBODY_KNOWS: MaintenanceState = {
  ...NOTHING_WAITS,
  ...{ windows: Number.NaN, ageS: Number.NaN, etaS: Number.NaN, untoldAgeS: Number.NaN },
};

async function maintenanceOf(database: Database): Promise<MaintenanceState> {
  if (!database.available) return NOBODY_KNOWS;
  return inSession(database.sql, (sql) => readMaintenance(sql, database.settings.engine));
}

async function jobsOf(database: Database): Promise<readonly DatabaseJob[]> {
  if (!database.available) return [];
  return inSession(database.sql, (sql) => readJobs(sql, database.settings.engine));
}

async function startParts(parts: Parts, signal: AbortSignal): Promise<void> {
  const { access, keyPublisher, feeds, database, redis, lostCommits, logKeeper, maintenance } = parts;
  redis.open();
  access.start();
  database.start();
  await database.untilAvailable(signal);
  keyPublisher.start();
  feeds.start();
  logKeeper.start();
  lostCommits.start();
  maintenance.start();
}

async function stopParts(parts: Parts, graceMs: number, server: HttpServer | undefined): Promise<void> {
  const {
    logger,
    access,
    keyPublisher,
    feeds,
    health,
    singles,
    bulk,
    publisher,
    toldCorrections,
    lostCommits,
    logKeeper,
    maintenance,
    database,
    redis,
  } = parts;
  await stopInOrder(logger, [
    { name: "not ready", deadlineMs: 100, run: () => health.drain() },
    { name: "requests", deadlineMs: 6000 + graceMs, run: () => server?.stop(5000, graceMs) },
    { name: "commits", deadlineMs: 5000, run: () => Promise.all([singles.drain(), bulk.drain()]) },
    { name: "feeds", deadlineMs: 1000, run: () => feeds.stop() },
    { name: "publishing", deadlineMs: 3000, run: () => toldCorrections.flush() },
    { name: "maintenance", deadlineMs: 3000, run: () => maintenance.stop() },
    { name: "ledger", deadlineMs: 3000, run: () => lostCommits.stop() },
    { name: "publisher", deadlineMs: 100, run: () => Promise.all([toldCorrections.stop(), publisher.stop()]) },
    { name: "log's position", deadlineMs: 1000, run: () => logKeeper.stop() },
    { name: "access", deadlineMs: 1000, run: () => Promise.all([access.stop(), keyPublisher.stop()]) },
    { name: "redis", deadlineMs: 1000, run: () => redis.close() },
    { name: "database", deadlineMs: 3000, run: () => database.close(2000) },
  ]);
}

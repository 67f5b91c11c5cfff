import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Deployment, Micros } from "@fx-ohlc/schemas";
import {
  type Caller,
  type Gate,
  type Logger,
  LoopTurns,
  type RedisStore,
  RemoteClock,
  repeat,
  requestIdOf,
  Semaphore,
  type Tracer,
} from "@fx-ohlc/service-kit";
import type { WebSocket } from "ws";
import { AllBars } from "./bars/all-bars.js";
import { GridClock } from "./bars/grid-clock.js";
import { QueryClient } from "./bars/query-client.js";
import type { Config } from "./config.js";
import { Admission, CLOSE_TIMEOUT_MS, type Guest } from "./connection/admission.js";
import { Connection } from "./connection/connection.js";
import { Connections } from "./connection/connections.js";
import { canWriteFrames } from "./connection/frame-writing.js";
import { Counters } from "./counters.js";
import type { AskedEvents } from "./events/asked-events.js";
import { EventSocket } from "./events/event-socket.js";
import { Audiences } from "./fanout/audiences.js";
import { flushTraces } from "./fanout/flush-traces.js";
import { Hub } from "./fanout/hub.js";
import type { StreamItem } from "./fanout/stream-item.js";
import { DeploymentWatch } from "./feed/deployment-watch.js";
import { StreamReader } from "./feed/stream-reader.js";
import { TickFeed } from "./feed/tick-feed.js";
import { TickStream } from "./feed/tick-stream.js";
import { GapRanges } from "./resume/gap-ranges.js";
import { RetryingReader } from "./resume/retrying-reader.js";
import { StatusBoard } from "./status/status-board.js";
import { Followed } from "./subscription/followed.js";
import { heartbeat } from "./subscription/heartbeat.js";
import { PlainClient } from "./subscription/plain-client.js";
import { Session, type SessionContext } from "./subscription/session.js";

/** How often ohlc-query is asked for the database's clock. A jump of it is followed so soon. */
const CLOCK_INTERVAL_MS = 1_000;

/** No proxy may hold events back: nginx is told by the last of these. The connection is of this answer alone. */
const EVENT_HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  Connection: "close",
  "X-Accel-Buffering": "no",
};

/** Streams read at a time for clients that resume: a page of the worst kind is 2.6 MB. */
const REPLAYS_MAX = 16;

export interface GatewayLinks {
  readonly redis: RedisStore;
  /** Connections for subscriptions alone. */
  readonly subscription: RedisStore;
  readonly gate: Gate;
  readonly logger: Logger;
  /** Records how messages go out that belong to a trace. */
  readonly tracer?: Tracer | undefined;
}

/** Everything between Redis and the clients. */
export class Gateway {
  readonly counters = new Counters();
  readonly connections = new Connections();
  readonly admission: Admission;
  /** The database's, by which bars close. This machine's may be wrong, or jump. */
  readonly clock = new RemoteClock();
  readonly #config: Config;
  readonly #feed: TickFeed;
  readonly #watch: DeploymentWatch;
  readonly #context: SessionContext;
  readonly #bars: AllBars;
  readonly #status: StatusBoard;
  readonly #grid: GridClock;
  readonly #client: QueryClient;
  readonly #aborter = new AbortController();
  readonly #writesFrames = canWriteFrames();
  #heartbeatTimer: NodeJS.Timeout | undefined;
  #stopClock: (() => unknown) | undefined;

  constructor(config: Config, { redis, subscription, gate, logger, tracer }: GatewayLinks) {
    this.#config = config;
    const { counters, clock } = this;
    const hub = new Hub<StreamItem>();
    const leavings = new LoopTurns();
    const audiences = new Audiences(hub, leavings);
    const client = new QueryClient({
      baseUrl: config.ohlcQueryUrl,
      internalSecret: config.access.internalSecret,
      clock,
      tracer,
      isPresent: (incarnation) => this.#watch.isPresent(incarnation),
    });
    this.#client = client;
    const gapRanges = new GapRanges(clock, config);
    const startedAtMs = performance.now();
    const missedSince = (instantUs: Micros) =>
      gapRanges.since(Math.min(instantUs, clock.usAt(Math.max(this.#feed.confirmedAtMs, startedAtMs))));
    const ticks = new TickStream(hub, counters, missedSince);
    this.#watch = new DeploymentWatch({
      ask: () => client.database(),
      onChange: ({ incarnationFromUs }) => {
        this.#feed.declareForeign();
        this.#feed.restart(incarnationFromUs);
      },
      onAsked: () => this.#feed.declareForeign(),
      logger,
    });
    const reader = new StreamReader(redis, () => knownDeployment(this.#watch));
    const bars = new AllBars({
      ...{ hub, clock, client, counters, logger },
      graceUs: config.finalGraceUs,
      confirmedAtMs: () => this.#feed.confirmedAtMs,
      signal: this.#aborter.signal,
    });
    this.#bars = bars;
    this.#status = new StatusBoard({ redis, namespace: () => this.namespace, hub, logger });
    this.#feed = new TickFeed({
      redis: subscription,
      reader,
      // Bars hear of a message after the ticks went out.
      listeners: [ticks, ...flushTraces(tracer, audiences), bars],
      deployment: () => this.#watch.deployment,
      onForeign: () => this.#watch.doubt(),
      logger,
    });
    this.#grid = new GridClock(
      () => clock.nowUs() / 1000,
      () => bars.advance(),
    );
    const followed = new Followed({}, () => client.symbolCount);
    this.#context = {
      audiences,
      counters,
      reader: new RetryingReader(reader, new Semaphore(REPLAYS_MAX)),
      logger,
      positions: this.#feed,
      gapRanges,
      bars,
      status: this.#status,
      channelsMax: config.channelsMax,
      followed,
      turns: new LoopTurns(),
      leavings,
    };
    this.admission = new Admission({
      ...config,
      allowedOrigins: config.access.door.allowedOrigins,
      counters,
      logger,
      gate,
      followed,
      openConnections: () => this.connections.size,
      isReady: () => this.isPrepared,
      accept: (ws, socket, guest) => this.#accept(ws, socket, guest),
    });
  }

  /** Whether stream positions were read once, so that clients can be told where they stand. */
  get isPrepared(): boolean {
    return this.#feed.isSynced;
  }

  /** What the database's names on Redis begin with; undefined before it is known. */
  get namespace(): string | undefined {
    return this.#watch.deployment?.names.namespace;
  }

  start(): void {
    this.#feed.start();
    this.#watch.start();
    this.#grid.start();
    this.#status.start();
    // While ohlc-query is away the clock goes on by what is known of it.
    this.#stopClock = repeat(CLOCK_INTERVAL_MS, () => this.#client.readClock().catch(() => undefined));
    this.connections.start();
    this.#bars.check();
    this.#heartbeatTimer = setInterval(() => this.#beat(), this.#config.heartbeatIntervalMs);
  }

  /** Tells clients where they stand, then closes them; new ones are refused. */
  async drain(): Promise<void> {
    this.admission.shut();
    this.#beat();
    for (const audience of this.#context.audiences) audience.flush();
    await this.connections.drain(this.#config.drainMs, CLOSE_TIMEOUT_MS);
  }

  stop(): void {
    this.#aborter.abort();
    clearInterval(this.#heartbeatTimer);
    this.#stopClock?.();
    this.connections.stop();
    this.#grid.stop();
    this.#status.stop();
    this.#feed.stop();
    this.#watch.stop();
  }

  #accept(ws: WebSocket, socket: Duplex, { caller, address, destination, requestId }: Guest): void {
    const { counters } = this;
    const options = { limits: this.#config, caller, address, requestId, counters, writesFrames: this.#writesFrames };
    const connection = new Connection(ws, socket, options, performance.now());
    const whenClosed = () => this.connections.remove(connection);
    this.connections.add(connection, destination.endpoint);
    connection.open(
      destination.endpoint === "multiplex"
        ? new Session(connection, this.#context, whenClosed)
        : new PlainClient(connection, this.#context, destination, whenClosed),
    );
  }

  /**
   * Answers with Server-Sent Events for as long as the client stays: a session like any of `/ws`, which has asked once and for all.
   *
   * @throws Problem saying why it cannot be let in
   */
  async acceptEvents(req: IncomingMessage, res: ServerResponse, caller: Caller, asked: AskedEvents): Promise<void> {
    const address = await this.admission.admitEvents(req, res, caller, asked.channels);
    if (res.destroyed) return;
    res.writeHead(200, EVENT_HEADERS);
    if (req.method === "HEAD") return void res.end();
    // Nothing more is said after the request: who says goodbye is gone.
    req.socket.once("end", () => res.destroy());
    const { counters } = this;
    const socket = new EventSocket(res, asked.resumePoint, CLOSE_TIMEOUT_MS);
    const options = {
      limits: this.#config,
      caller,
      address,
      requestId: requestIdOf(res),
      counters,
      writesFrames: false,
    };
    const connection = new Connection(socket, req.socket, options, performance.now());
    this.connections.add(connection, "sse");
    const session = new Session(connection, this.#context, () => this.connections.remove(connection));
    connection.open(session);
    session.onText(asked.request);
  }

  #beat(): void {
    for (const audience of this.#context.audiences) {
      if (audience.format === "multiplex") audience.add(heartbeat(audience.channels, this.#feed, this.clock.nowUs()));
    }
  }
}

/** @throws Error before it is known */
function knownDeployment({ deployment }: DeploymentWatch): Deployment {
  if (deployment === undefined) throw new Error("which database is streamed from is not known yet");
  return deployment;
}

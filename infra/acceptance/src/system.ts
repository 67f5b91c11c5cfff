import { FxClient } from "@fx-ohlc/client";
import { type StreamNames, streamNames } from "@fx-ohlc/schemas";
import { startService, type TestRedis, type TestService, testDatabase, testRedis } from "@fx-ohlc/testkit";
import postgres from "postgres";

/** A migrated database. */
export interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

/** The whole system as a user meets it. */
export interface Everything {
  readonly ingest: TestService;
  readonly query: TestService;
  readonly gateway: TestService;
  readonly edge: TestService;
}

/** A database and a Redis server of one test file, and the services that were started on them. */
export class System {
  readonly #services: TestService[] = [];
  readonly #deaths: string[] = [];

  private constructor(
    readonly database: Database,
    readonly redis: TestRedis,
    /** For what the public API does not show. */
    readonly sql: postgres.Sql,
  ) {}

  /** @param open opens the database: by default one on the server of the run */
  static async create(open: () => Promise<Database> = testDatabase): Promise<System> {
    const [database, redis] = await Promise.all([open(), testRedis()]);
    return new System(database, redis, postgres(database.url, { max: 2, onnotice: () => undefined }));
  }

  /** Starts one more process of a service, with `env` on top of what every service is told. */
  async start(name: string, env: Record<string, string> = {}, main?: URL, untilReady = true): Promise<TestService> {
    const addresses = { DATABASE_URL: this.database.url, REDIS_URL: this.redis.url };
    const program = main === undefined ? {} : { main };
    const service = await startService({
      name,
      untilReady,
      ...program,
      env: { LOG_LEVEL: "warn", ...addresses, ...env },
    });
    this.#services.push(service);
    service.onDeath((reason) => this.#deaths.push(`${name} ended by itself (${reason}):\n${service.output}`));
    return service;
  }

  /** Starts all three services and the edge in front of them. */
  async startAll(given: Record<string, string> = {}): Promise<Everything> {
    const env = { TRUSTED_PROXIES: "127.0.0.1", ...given };
    const [ingest, query] = await Promise.all([this.start("tick-ingest", env), this.start("ohlc-query", env)]);
    const gateway = await this.start("stream-gateway", { OHLC_QUERY_URL: query.url, ...env });
    return { ingest, query, gateway, edge: await this.startEdge({ ingest, query, gateway }) };
  }

  /** Starts one more edge in front of the services. */
  startEdge(services: Omit<Everything, "edge">, env: Record<string, string> = {}): Promise<TestService> {
    const { ingest, query, gateway } = services;
    const urls = { TICK_INGEST_URL: ingest.url, OHLC_QUERY_URL: query.url, STREAM_GATEWAY_URL: gateway.url };
    const main = new URL("../../local/dist/edge/main.js", import.meta.url);
    return this.start("edge", { ...urls, ...env }, main);
  }

  /** What this system's keys and channels on Redis are called. */
  async streamNames(): Promise<StreamNames> {
    const [row] = await this.sql<{ value: string }[]>`select value from settings where key = 'stream_namespace'`;
    return streamNames(row?.value ?? "");
  }

  /** Which of the two engines keeps the bars here. */
  async engine(): Promise<"timescaledb" | "postgres"> {
    const [row] = await this.sql<{ value: string }[]>`select value from settings where key = 'engine'`;
    return row?.value === "timescaledb" ? "timescaledb" : "postgres";
  }

  /**
   * Ends all of it, also what a failed test left frozen.
   *
   * @throws Error when a service had ended that nobody stopped or killed
   */
  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.sql.end({ timeout: 2 });
    await Promise.all([this.database.drop(), this.redis.drop()]);
    if (this.#deaths.length > 0) throw new Error(this.#deaths.join("\n"));
  }
}

/** A client that does not hide a failure by repeating the request. */
export function impatientClient(service: TestService, feed?: string): FxClient {
  return new FxClient({ url: service.url, feed, retry: { attemptsMax: 1 } });
}

/** A client that goes on through an outage: producers repeat what was not answered. */
export function patientClient(service: TestService, token?: string): FxClient {
  return new FxClient({ url: service.url, token, retry: { attemptsMax: 1_000, baseMs: 50, capMs: 200 } });
}

/** What `GET /health` answers. */
export async function healthOf(service: TestService): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${service.url}/health`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** How many windows of late ticks and corrections are not in the bars yet, as tick-ingest itself says. */
export async function backlogOf(ingest: TestService): Promise<number> {
  const text = await (await fetch(`${ingest.url}/metrics`)).text();
  return Number(/^bar_refresh_backlog_windows (\d+)$/m.exec(text)?.[1]);
}

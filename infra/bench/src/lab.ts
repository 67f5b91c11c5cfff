import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { freePort, type ServerHandle, startPostgres } from "@fx-ohlc/embedded";
import { startService, type TestService, testRedis } from "@fx-ohlc/testkit";
import { type BenchDatabase, createBenchDatabase } from "./bench-database.js";
import type { BenchConfig } from "./config.js";

/** Everything that is measured runs here: the servers, and the services as processes of their own with their defaults. */
export class Lab {
  /** What died under load, and its last words: the error that a death leads to elsewhere says neither. */
  readonly deaths: string[] = [];
  readonly #services = new Map<string, Promise<TestService>>();
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly database: BenchDatabase,
    readonly redisUrl: string,
    /** For files that one run needs. */
    readonly folder: string,
  ) {}

  /** @throws Error when a server cannot be started; nothing is left running then */
  static async open(config: BenchConfig): Promise<Lab> {
    const closers: (() => Promise<unknown>)[] = [];
    try {
      const folder = makeFolder(config.dataDir, closers);
      const serverUrl = config.databaseUrl ?? (await ownPostgres(folder, closers)).url;
      const redisUrl = config.redisUrl ?? (await ownRedis(closers)).url;
      const database = await createBenchDatabase(serverUrl);
      const lab = new Lab(database, redisUrl, folder);
      lab.#closers.push(...closers, () => database.drop());
      return lab;
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /**
   * A service by its folder's name, started the first time it is asked for.
   *
   * @param settings what its environment holds beside the servers' addresses
   */
  service(name: string, settings: Record<string, string> = {}): Promise<TestService> {
    let service = this.#services.get(name);
    if (service === undefined) {
      service = this.#start(name, settings);
      this.#services.set(name, service);
    }
    return service;
  }

  /** The gateway, which anchors live bars on ohlc-query, as it would anywhere. */
  async gateway(): Promise<TestService> {
    const query = await this.service("ohlc-query");
    return this.service("stream-gateway", { OHLC_QUERY_URL: query.url });
  }

  /** What this lab's database adds to its names on Redis, which it may share with others. */
  async streamNamespace(): Promise<string> {
    const query = await this.service("ohlc-query");
    const answer = await fetch(`${query.url}/internal/database`);
    return ((await answer.json()) as { stream_namespace: string }).stream_namespace; // Our own service.
  }

  /** One more process of a service, with settings of its own. */
  another(name: string, settings: Record<string, string>): Promise<TestService> {
    return this.#start(name, settings);
  }

  /** A gateway of its own, for what a used one cannot tell: memory that was freed stays with its process. */
  async freshGateway(settings: Record<string, string> = {}): Promise<TestService> {
    const query = await this.service("ohlc-query");
    return this.#start("stream-gateway", { OHLC_QUERY_URL: query.url, ...settings });
  }

  /** Runs when the lab is closed; what was registered last runs first. */
  onClose(closer: () => Promise<unknown>): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    await closeAll(this.#closers);
  }

  async #start(name: string, settings: Record<string, string>): Promise<TestService> {
    const { url } = this.database;
    const servers = { DATABASE_URL: url, DATABASE_DIRECT_URL: url, REDIS_URL: this.redisUrl };
    const service = await startService({ name, env: { ...servers, LOG_LEVEL: "warn", ...settings } });
    this.onClose(() => service.stop());
    service.onDeath((reason) => this.deaths.push(`${name} died (${reason}):\n${service.output}`));
    return service;
  }
}

function makeFolder(dataDir: string, closers: (() => Promise<unknown>)[]): string {
  mkdirSync(resolve(dataDir), { recursive: true });
  const folder = mkdtempSync(join(resolve(dataDir), "bench-"));
  closers.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** With PostgreSQL's own defaults, as in the local stack: every acknowledged commit is flushed to disk. */
async function ownPostgres(folder: string, closers: (() => Promise<unknown>)[]): Promise<ServerHandle> {
  const server = await startPostgres({ dataDir: join(folder, "postgres"), port: await freePort(), temporary: true });
  closers.push(async () => {
    await server.stop();
    // Where this folder's account could not enter, the data is elsewhere.
    rmSync(server.dataFolder, { recursive: true, force: true });
  });
  return server;
}

async function ownRedis(closers: (() => Promise<unknown>)[]): Promise<ServerHandle> {
  const server = await testRedis();
  closers.push(() => server.drop());
  return server;
}

async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

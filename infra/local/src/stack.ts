import { join } from "node:path";
import { isNativeError } from "node:util/types";
import { ensureRedisServer, GuardedProcess, type ReadyProcess, type ServerHandle } from "@fx-ohlc/embedded";
import type { Environment, Service } from "@fx-ohlc/service-kit";
import type { StackConfig } from "./config.js";
import { claimDataFolder, type DataFolder } from "./data-folder.js";
import { type LocalKeys, localKeys } from "./local-keys.js";
import { lastLine, nodeProcessSpec, runToEnd } from "./node-process.js";
import { requirePorts } from "./ports.js";
import { loadSample } from "./sample.js";
import { startServers } from "./servers.js";
import {
  addressesFrom,
  archiver,
  archiverPort,
  edge,
  localUrl,
  type PartOptions,
  services,
  simulator,
} from "./services.js";
import { Supervisor } from "./supervisor.js";
import { welcome } from "./welcome.js";

/** After a kill the old services are given 10 s to end before they are killed, and only then their ports are free, ms. */
const PORTS_PATIENCE_MS = 12_000;

/** How long stream-gateway spreads its clients' farewells, ms. */
const DRAIN_MS = "300";

export interface StackOptions {
  readonly config: StackConfig;
  /** What the services inherit. */
  readonly env: Environment;
  /** Aborted when the stack is to stop. */
  readonly signal: AbortSignal;
  /** Says one line to who started the stack. */
  say(line: string): void;
}

/**
 * The whole system on one machine. It starts the servers, migrates, starts the services, then the edge; when that answers,
 * it loads the sample and simulates. It stops the other way round, but the edge goes after the services, so that what they
 * still answer, and the farewell to WebSocket clients, gets through.
 */
export class Stack implements Service {
  readonly #options: StackOptions;
  readonly #supervisor: Supervisor;
  readonly #servers: ServerHandle[] = [];
  #services: ReadyProcess[] = [];
  #edge: ReadyProcess | undefined;
  #simulator: ReadyProcess | undefined;
  #folder: DataFolder | undefined;
  #starting: Promise<void> = Promise.resolve();
  #simulating: Promise<void> = Promise.resolve();

  constructor(options: StackOptions) {
    this.#options = options;
    this.#supervisor = new Supervisor({ say: options.say });
  }

  /** @throws Error in one line that says what to do; nothing is left behind then */
  async start(): Promise<void> {
    this.#starting = this.#startAll();
    try {
      await this.#starting;
    } catch (error) {
      await this.#stopAll();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#options.say("stopping …");
    // A start under way notices the abort at its next step.
    await this.#starting.catch(() => undefined);
    await this.#stopAll();
  }

  async #startAll(): Promise<void> {
    const startedMs = performance.now();
    const { config, signal, say } = this.#options;
    const addresses = addressesFrom(config.port);
    const folder = await claimDataFolder(config.dataDir);
    this.#folder = folder;
    await requirePorts(
      [addresses.edge, ...Object.values(addresses.services), ...(this.#isArchived ? [archiverPort(addresses)] : [])],
      folder.wasKilled ? PORTS_PATIENCE_MS : 0,
    );
    if (config.redisUrl === undefined) await ensureRedisServer(say);
    const keys = localKeys(this.#options.env, folder.path);
    const env = await this.#prepareServers(folder, keys);
    signal.throwIfAborted();
    const parts: PartOptions = { addresses, env, logs: folder.logs };
    this.#services = [...services(parts), ...(this.#isArchived ? [archiver(parts)] : [])];
    await Promise.all(this.#services.map((service) => this.#bringUp(service)));
    signal.throwIfAborted();
    this.#edge = edge(parts);
    await this.#bringUp(this.#edge);
    signal.throwIfAborted();
    say(welcome(config, folder.logs, keys, performance.now() - startedMs));
    if (config.simulate) this.#simulating = this.#simulate(parts, join(folder.path, "state"));
  }

  /** @returns the environment of everything that uses the servers */
  async #prepareServers(folder: DataFolder, keys: LocalKeys): Promise<Environment> {
    const { config, say, env } = this.#options;
    const onStarted = (server: ServerHandle): void => {
      this.#servers.push(server);
      this.#supervisor.watch(server);
    };
    const { databaseUrl, redisUrl } = await startServers({ config, folder, say, onStarted });
    this.#options.signal.throwIfAborted();
    const direct = config.databaseUrl === undefined ? databaseUrl : (env.DATABASE_DIRECT_URL ?? databaseUrl);
    const urls = { DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: direct, REDIS_URL: redisUrl };
    // Few clients, all of them here: nobody needs the reconnects of a shutdown spread over seconds.
    const withServers = { DRAIN_MS, ...env, ...keys.env, ...urls };
    await this.#migrate(folder, withServers, []);
    if (this.#isArchived) await this.#migrate(folder, withServers, ["archive", "--init", "--if-new"]);
    return withServers;
  }

  get #isArchived(): boolean {
    const { ARCHIVE_URL: url = "" } = this.#options.env;
    return url !== "" && url !== "none";
  }

  async #migrate(folder: DataFolder, env: Environment, args: string[]): Promise<void> {
    const script = "packages/database/dist/migrate-command.js";
    const spec = nodeProcessSpec({ name: "fx-migrate", script, args, env, logs: folder.logs });
    await runToEnd(new GuardedProcess(spec));
  }

  async #bringUp(process: ReadyProcess): Promise<void> {
    try {
      await process.start();
    } catch (cause) {
      const reason = isNativeError(cause) ? cause.message.split("\n")[0] : String(cause);
      const log = join(this.#folder?.logs ?? "", `${process.name}.log`);
      throw new Error(`${reason}: ${lastLine(process.output)} (all of it is in ${log})`, { cause });
    }
    this.#supervisor.watch(process);
  }

  /** In the background: the system is up already, and goes on without its sample if that fails. */
  async #simulate(parts: PartOptions, stateDir: string): Promise<void> {
    const { config, signal, say } = this.#options;
    const url = localUrl(config.port);
    try {
      await loadSample({ url, env: parts.env, logs: parts.logs, stateDir, signal, say });
      signal.throwIfAborted();
      this.#simulator = simulator(parts);
      await this.#bringUp(this.#simulator);
      say("simulating live ticks of EURUSD and others, about one a second each (FX_SIMULATE=0 turns that off)");
    } catch (error) {
      if (!signal.aborted) say(`no sample and no simulation: ${isNativeError(error) ? error.message : String(error)}`);
    }
  }

  async #stopAll(): Promise<void> {
    this.#supervisor.stop();
    await this.#simulating;
    await this.#simulator?.stop();
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.#edge?.stop();
    await Promise.all(this.#servers.map((server) => server.stop()));
    this.#folder?.release();
  }
}

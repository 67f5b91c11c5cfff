import { existsSync } from "node:fs";
import { execPath, env as ownEnv } from "node:process";
import { fileURLToPath } from "node:url";
import { eventually, freePort, GuardedProcess } from "@fx-ohlc/embedded";

/** A service connects and prepares statements before it is ready; ten times what that takes on two busy cores, ms. */
const READY_TIMEOUT_MS = 20_000;
/** Longer than a service's own drain deadline, so that the service is seen to keep it, ms. */
const STOP_TIMEOUT_MS = 20_000;

/** A service of this project, running as a process of its own. */
export interface TestService {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** The last lines of its log. */
  readonly output: string;
  /** Starts it again, on the same port, and waits until it is ready. */
  start(): Promise<void>;
  /** SIGTERM, then waits for its end. */
  stop(): Promise<void>;
  kill9(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface StartServiceOptions {
  /** The folder in `services/`: "tick-ingest". It must have been built. */
  name: string;
  /** Added to this process's own environment. */
  env?: Record<string, string>;
  /** Default: a free one. */
  port?: number;
  /** Whether to wait until `/ready` answers 200. Default: yes. */
  untilReady?: boolean;
}

/**
 * Starts the built service of that name on 127.0.0.1.
 *
 * @throws Error with the end of its log when it ends, or is not ready in time.
 */
export async function startService(options: StartServiceOptions): Promise<TestService> {
  const { name, env = {}, untilReady = true } = options;
  const main = fileURLToPath(new URL(`../../../services/${name}/dist/main.js`, import.meta.url));
  if (!existsSync(main)) throw new Error(`services/${name} is not built: run "pnpm build" first`);
  const port = options.port ?? (await freePort());
  const process = new GuardedProcess({
    name,
    command: execPath,
    args: [main],
    env: { ...ownEnv, PORT: String(port), ...env },
    stopSignal: "SIGTERM",
    stopTimeoutMs: STOP_TIMEOUT_MS,
    orphanSignal: "TERM",
  });
  const service = new ServiceProcess(process, port, untilReady);
  await service.start();
  return service;
}

class ServiceProcess implements TestService {
  readonly #process: GuardedProcess;
  readonly #untilReady: boolean;
  readonly port: number;

  constructor(process: GuardedProcess, port: number, untilReady: boolean) {
    this.#process = process;
    this.port = port;
    this.#untilReady = untilReady;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get output(): string {
    return this.#process.output;
  }

  async start(): Promise<void> {
    await this.#process.start();
    if (!this.#untilReady) return;
    try {
      await eventually(() => this.#isReady(), {
        timeoutMs: READY_TIMEOUT_MS,
        what: `${this.#process.name} to be ready`,
      });
    } catch (cause) {
      await this.kill9();
      throw new Error(`${String(cause)}\n${this.output}`, { cause });
    }
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  kill9(): Promise<void> {
    return this.#process.kill9();
  }

  freeze(): void {
    this.#process.freeze();
  }

  thaw(): void {
    this.#process.thaw();
  }

  async #isReady(): Promise<boolean> {
    // A service that has ended will never be ready: the ready answer would be somebody else's.
    if (this.pid === undefined) throw new Error(`it ended (${await this.#process.exit})`);
    const answer = await fetch(`${this.url}/ready`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok;
  }
}

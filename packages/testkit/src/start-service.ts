import { existsSync } from "node:fs";
import { execPath, env as ownEnv } from "node:process";
import { fileURLToPath } from "node:url";
import { isNativeError } from "node:util/types";
import { freePort, ReadyProcess } from "@fx-ohlc/embedded";

/** A service connects and prepares statements before it is ready; ten times what that takes on two busy cores, ms. */
const READY_TIMEOUT_MS = 20_000;
/** Longer than a service's own drain deadline, so that the service is seen to keep it, ms. */
const STOP_TIMEOUT_MS = 20_000;
/** Between looking for a free port and listening on it another process may take it. */
const PORT_TRIES_MAX = 3;

/** A service of this project, running as a process of its own. */
export interface TestService extends ReadyProcess {
  readonly url: string;
  readonly port: number;
}

export interface StartServiceOptions {
  /** The folder in `services/`: "tick-ingest". It must have been built. */
  name: string;
  /** The program, where it is not a service's `dist/main.js`. */
  main?: URL;
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
  if (options.port !== undefined) return startOn(options.port, options);
  for (let triesLeft = PORT_TRIES_MAX; ; triesLeft -= 1) {
    const port = await freePort();
    try {
      return await startOn(port, options);
    } catch (error) {
      const isTaken = isNativeError(error) && error.message.includes(`port ${port} is already in use`);
      if (!isTaken || triesLeft === 1) throw error;
    }
  }
}

async function startOn(port: number, options: StartServiceOptions): Promise<TestService> {
  const { name, env = {}, untilReady = true } = options;
  const main = fileURLToPath(options.main ?? new URL(`../../../services/${name}/dist/main.js`, import.meta.url));
  if (!existsSync(main)) throw new Error(`${name} is not built: run "pnpm build" first`);
  const url = `http://127.0.0.1:${port}`;
  const service = new ReadyProcess({
    name,
    command: execPath,
    args: [main],
    env: { ...ownEnv, PORT: String(port), ...env },
    stopSignal: "SIGTERM",
    stopTimeoutMs: STOP_TIMEOUT_MS,
    orphanSignal: "TERM",
    isReady: () => !untilReady || answersReady(url),
    readyTimeoutMs: READY_TIMEOUT_MS,
  });
  await service.start();
  return Object.assign(service, { url, port });
}

async function answersReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(1_000) });
  return answer.ok;
}

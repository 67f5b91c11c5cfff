import { withDeadline } from "./deadline.js";
import type { Environment } from "./env.js";
import { createLogger, type Logger, redact } from "./logger.js";

/** A composed service, not yet running. */
export interface Service {
  /** Resolves when it serves. Must give up when the signal it was created with is aborted. */
  start(): Promise<void>;
  /** Stops in order and never takes for ever: each of its steps has a deadline. */
  stop(): Promise<void>;
}

/** What a service is created from. */
export interface ServiceContext {
  readonly env: Environment;
  /** Aborted when the service is asked to stop, also while it still starts. */
  readonly signal: AbortSignal;
}

/** The part of Node's `process` that a service's life depends on. */
export type HostProcess = Pick<NodeJS.Process, "env" | "exit" | "on" | "stdin" | "stdout" | "stderr" | "connected">;

/** Kubernetes kills after 30 s: whatever has not stopped by then is left. */
const STOP_DEADLINE_MS = 25_000;

/**
 * The whole life of a service's process: creates and starts it, stops it on SIGTERM or SIGINT and exits 0; a second signal
 * exits 1 at once. A wrong configuration or a failed start is one line on standard error and exit 1; an error nobody caught is
 * logged and exits 1. With `FX_EXIT_WITH_PARENT=1` it also stops when its IPC channel disconnects or, without one, when
 * standard input ends.
 */
export async function runService(
  name: string,
  host: HostProcess,
  create: (context: ServiceContext) => Service | Promise<Service>,
): Promise<void> {
  const aborter = new AbortController();
  let service: Service | undefined;
  const logger = createLogger({ service: name, level: "error" });
  const stop = stopOnce(host, logger, aborter, () => service);
  host.on("SIGTERM", stop);
  host.on("SIGINT", stop);
  if (host.env.FX_EXIT_WITH_PARENT === "1") onParentGone(host, stop);
  exitOnUncaught(host, logger);
  try {
    service = await create({ env: host.env, signal: aborter.signal });
    if (!aborter.signal.aborted) await service.start();
  } catch (error) {
    if (aborter.signal.aborted) return;
    host.stderr.write(
      `${name}: ${redact(error instanceof Error ? error.message : String(error)).replaceAll("\n", " ")}\n`,
    );
    host.exit(1);
  }
}

/** The first call stops the service and exits, the second exits at once. */
function stopOnce(host: HostProcess, logger: Logger, aborter: AbortController, service: () => Service | undefined) {
  return async () => {
    if (aborter.signal.aborted) return host.exit(1);
    aborter.abort();
    try {
      await withDeadline(Promise.resolve(service()?.stop()), STOP_DEADLINE_MS, "stopping");
      host.exit(0);
    } catch (error) {
      logger.error("did not stop cleanly", { error });
      host.exit(1);
    }
  };
}

/** Standard input counts only without an IPC channel: a parent that has one usually leaves standard input closed. */
function onParentGone(host: HostProcess, stop: () => void): void {
  if (host.connected) {
    host.on("disconnect", stop);
    return;
  }
  host.stdin.on("end", stop);
  host.stdin.on("error", stop);
  host.stdin.resume();
}

function exitOnUncaught(host: HostProcess, logger: Logger): void {
  const die = (error: unknown) => {
    logger.error("uncaught error", { error });
    host.exit(1);
  };
  host.on("uncaughtException", die);
  host.on("unhandledRejection", die);
  // Without this, logging into the pipe of a parent that is gone would itself be an uncaught error.
  host.stdout.on("error", () => undefined);
  host.stderr.on("error", () => undefined);
}

/** One step of a shutdown, with the time it may take. */
export interface StopStep {
  readonly name: string;
  readonly deadlineMs: number;
  run(): unknown;
}

/**
 * Runs the steps of a shutdown one after the other: not ready, refuse, drain, flush, close pools. A step that fails or exceeds
 * its deadline is logged and the next one runs all the same.
 */
export async function stopInOrder(logger: Logger, steps: readonly StopStep[]): Promise<void> {
  for (const { name, deadlineMs, run } of steps) {
    try {
      await withDeadline(Promise.resolve().then(run), deadlineMs, name);
      logger.info("stopped", { step: name });
    } catch (error) {
      logger.error("shutdown step failed", { step: name, error });
    }
  }
}

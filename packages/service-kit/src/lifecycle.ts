import { isNativeError } from "node:util/types";
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
export interface HostProcess {
  readonly env: Environment;
  /** Whether there is an IPC channel to the parent. */
  readonly connected: boolean;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
}

/** Kubernetes kills after 30 s: whatever has not stopped by then is left. */
const STOP_DEADLINE_MS = 25_000;
/**
 * Ctrl-C reaches a whole process group, and a wrapper such as npm passes it on once more: the same signal again within this
 * time is no impatience.
 */
const REPEATED_SIGNAL_MS = 300;

/**
 * The whole life of a service's process: creates and starts it, stops it on SIGTERM or SIGINT and exits 0; the same signal a
 * second time exits 1 at once. A wrong configuration or a failed start is one line on standard error and exit 1; an error
 * nobody caught is logged and exits 1. With `FX_EXIT_WITH_PARENT=1` it also stops when its IPC channel disconnects or, without
 * one, when standard input ends.
 */
export async function runService(
  name: string,
  host: HostProcess,
  create: (context: ServiceContext) => Service | Promise<Service>,
): Promise<void> {
  const aborter = new AbortController();
  const logger = createLogger({ service: name, level: "error", destination: host.stdout });
  let service: Service | undefined;
  const stop = async () => {
    if (aborter.signal.aborted) return;
    aborter.abort();
    host.exit(await stopWithin(STOP_DEADLINE_MS, service, logger));
  };
  exitOnUncaught(host, logger);
  for (const signal of ["SIGTERM", "SIGINT"]) onSignal(host, signal, stop);
  if (host.env.FX_EXIT_WITH_PARENT === "1") onParentGone(host, stop);
  try {
    service = await create({ env: host.env, signal: aborter.signal });
    if (!aborter.signal.aborted) await service.start();
  } catch (error) {
    // A start that gives up because it was told to is no failure.
    if (aborter.signal.aborted) return;
    host.stderr.write(`${name}: ${oneLine(error)}\n`);
    host.exit(1);
  }
}

function oneLine(error: unknown): string {
  return redact(isNativeError(error) ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
}

/** @returns the exit code */
async function stopWithin(deadlineMs: number, service: Service | undefined, logger: Logger): Promise<0 | 1> {
  try {
    await withDeadline(Promise.resolve(service?.stop()), deadlineMs, "stopping");
    return 0;
  } catch (error) {
    logger.error("did not stop cleanly", { error });
    return 1;
  }
}

function onSignal(host: HostProcess, signal: string, stop: () => void): void {
  let firstMs: number | undefined;
  host.on(signal, () => {
    if (firstMs !== undefined && performance.now() - firstMs >= REPEATED_SIGNAL_MS) host.exit(1);
    firstMs ??= performance.now();
    stop();
  });
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

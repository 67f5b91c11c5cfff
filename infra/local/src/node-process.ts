import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { diskProblemIn, type GuardedProcess, type ProcessSpec } from "@fx-ohlc/embedded";
import { logWriter } from "./log-file.js";

/** A service drains its requests and flushes what it holds, ms. */
const STOP_TIMEOUT_MS = 10_000;

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface NodeProcessOptions {
  readonly name: string;
  /** The program, from the root of the checkout. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of its log file. */
  readonly logs: string;
  readonly onLine?: (line: string) => void;
}

/** How a program of this project runs as a child process; what it writes goes to `<logs>/<name>.log`. */
export function nodeProcessSpec({ name, script, args = [], env, logs, onLine }: NodeProcessOptions): ProcessSpec {
  const write = logWriter(logs, name);
  return {
    name,
    command: execPath,
    args: [join(ROOT, script), ...args],
    env,
    stopSignal: "SIGTERM",
    stopTimeoutMs: STOP_TIMEOUT_MS,
    orphanSignal: "TERM",
    onLine: (line) => {
      write(line);
      onLine?.(line);
    },
  };
}

/**
 * Runs a process to its end.
 *
 * @throws Error with the last line it wrote, unless it ends with exit code 0
 */
export async function runToEnd(process: GuardedProcess): Promise<void> {
  await process.start();
  const reason = await process.exit;
  if (reason !== "exit code 0") throw new Error(`${process.name} failed (${reason}): ${lastLine(process.output)}`);
}

/** What a program said last, and before that what it said about the disk. */
export function lastLine(output: string): string {
  const line = output.trim().split("\n").at(-1) || "it wrote nothing";
  const problem = diskProblemIn(output);
  return problem === undefined ? line : `${problem}: ${line}`;
}

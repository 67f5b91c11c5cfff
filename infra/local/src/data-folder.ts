import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pid as ownPid } from "node:process";
import { isNativeError } from "node:util/types";
import { commandLine, eventually, isAlive } from "@fx-ohlc/embedded";

/** A stack whose terminal was closed or whose npm was killed takes a moment to stop, ms. */
const PREVIOUS_STACK_TIMEOUT_MS = 5_000;

/** The folder that holds everything a stack keeps, for one stack at a time. */
export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  /** The last stack here was killed: what it left may be ending just now. */
  readonly wasKilled: boolean;
  release(): void;
}

/**
 * Makes the folder and takes it for this process.
 *
 * @throws Error in one line, when it cannot be written to or another stack runs on it
 */
export async function claimDataFolder(path: string): Promise<DataFolder> {
  const file = join(path, "stack.pid");
  const logs = join(path, "logs");
  orUnwritable(path, () => makeFolder(logs));
  const previous = readPid(file);
  if (previous !== undefined) await untilGone(previous, path);
  orUnwritable(path, () => writeFileSync(file, `${ownPid}\n`));
  return { path, logs, wasKilled: previous !== undefined, release: () => rmSync(file, { force: true }) };
}

/** Step by step: Node's own recursive mkdir never returns where a folder cannot be made because it "does not exist" (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function orUnwritable(path: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    const code = isNativeError(cause) && "code" in cause ? ` (${cause.code})` : "";
    throw new Error(
      `cannot write to the data folder ${path}${code}: make it writable, or choose another with FX_DATA_DIR`,
      { cause },
    );
  }
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

async function untilGone(pid: number, path: string): Promise<void> {
  const isGone = (): boolean => !isAlive(pid) || !commandLine(pid).includes("bootstrap.mjs");
  try {
    await eventually(isGone, { timeoutMs: PREVIOUS_STACK_TIMEOUT_MS });
  } catch (cause) {
    throw new Error(
      `a stack runs on ${path} already (process ${pid}): stop it first, or start another one with FX_DATA_DIR and PORT`,
      { cause },
    );
  }
}

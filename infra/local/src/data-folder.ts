import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pid as ownPid } from "node:process";
import { errorCode, eventually } from "@fx-ohlc/embedded";
import { lockFile } from "./folder-lock.js";

/** A stack whose terminal was closed or whose npm was killed takes a moment to stop, ms. */
const PREVIOUS_STACK_TIMEOUT_MS = 5_000;

/** What to do about it, where "make it writable" is not the answer. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "its disk is full; free some space",
  EDQUOT: "this user's share of the disk is used up; free some space",
  EEXIST: "it is a link to what is not there; make that",
  EROFS: "its file system is read-only; mount it for writing",
};

/** The folder that holds everything a stack keeps, for one stack at a time. */
export interface DataFolder {
  /** The real one, whatever link led to it. */
  readonly path: string;
  readonly logs: string;
  /** The last stack here was killed: what it left may be ending just now. */
  readonly wasKilled: boolean;
  release(): void;
}

/**
 * Makes the folder and takes it for this process. Whoever has the lock of `stack.lock` has the folder; the process id in it is
 * only for messages, and still there after a kill.
 *
 * @throws Error in one line, when it cannot be written to or another stack runs on it
 */
export async function claimDataFolder(wanted: string): Promise<DataFolder> {
  orUnwritable(wanted, () => makeFolder(wanted));
  const path = realpathSync(wanted);
  const logs = join(path, "logs");
  orUnwritable(path, () => makeFolder(logs));
  const file = join(path, "stack.lock");
  const lock = await takeLock(path, file);
  const wasKilled = readFileSync(file, "utf8") !== "";
  const release = (): void => {
    ftruncateSync(lock);
    closeSync(lock);
  };
  try {
    orUnwritable(path, () => sign(lock));
  } catch (error) {
    release();
    throw error;
  }
  return { path, logs, wasKilled, release };
}

/** Step by step: Node's own recursive mkdir never returns where a folder cannot be made because it "does not exist" (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another start may have made it at this moment.
    if (!existsSync(path)) throw error;
  }
}

function sign(lock: number): void {
  ftruncateSync(lock);
  writeSync(lock, `${ownPid}\n`, 0);
  fsyncSync(lock);
}

async function takeLock(path: string, file: string): Promise<number> {
  const tryLock = (): number | undefined => orUnwritable(path, () => lockFile(file));
  const lock = tryLock();
  if (lock !== undefined) return lock;
  try {
    return await eventually(tryLock, { timeoutMs: PREVIOUS_STACK_TIMEOUT_MS, intervalMs: 100 });
  } catch (cause) {
    const holder = readFileSync(file, "utf8").trim() || "unknown";
    throw new Error(
      `a stack runs on ${path} already (process ${holder}): stop it first, or start another one with FX_DATA_DIR and PORT`,
      { cause },
    );
  }
}

function orUnwritable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    const advice = ADVICE[code] ?? "make it writable";
    throw new Error(
      `cannot write to the data folder ${path} (${code}): ${advice}, or choose another with FX_DATA_DIR`,
      { cause },
    );
  }
}

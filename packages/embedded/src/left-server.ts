import { existsSync, readFileSync, rmSync } from "node:fs";
import { pid as ownPid } from "node:process";
import { eventually } from "./eventually.js";
import { isRunning, type ProcessIdentity, worksIn } from "./process-identity.js";
import { killTree, signal, thawTree } from "./process-tree.js";
import { forgetServer, recordedServer } from "./server-record.js";

/** From SIGKILL to gone is the kernel's work alone, ms. */
const KILL_TIMEOUT_MS = 5_000;

export interface ServedFolder {
  /** What messages call the server. */
  readonly name: string;
  /** Where its record is kept. */
  readonly home: string;
  /** The working directory of whoever serves it: its real path. */
  readonly folder: string;
  /** What the server itself writes while it runs, its process id first. */
  readonly pidFile: string;
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to end in order, ms. */
  readonly stopTimeoutMs: number;
}

/**
 * Makes sure that nobody serves a folder. A process id proves nothing: a file with one may have been left by a dead process,
 * or have come with a copy of the folder, and the id may be anybody's by now. Only that very process is ended which an
 * earlier run of this software recorded (by its start too), which works in this folder, and whose parent is gone. A server
 * that somebody else started here is left alone and told. What dead servers left is removed.
 *
 * @returns whether the last one did not end in order
 * @throws Error in one line, when the folder is served and that may not be ended
 */
export async function clearLeftServer(served: ServedFolder): Promise<boolean> {
  const { home, folder, pidFile } = served;
  const left = recordedServer(home);
  if (left?.runs && worksIn(left.record.server.pid, folder)) {
    const { server, parent } = left.record;
    if (parent.pid !== ownPid && isRunning(parent)) throw inUse(served, server.pid, `process ${parent.pid}`);
    await end(server, served);
  }
  const pid = readPid(pidFile);
  if (pid !== undefined && worksIn(pid, folder)) throw inUse(served, pid, "somebody else");
  const wasLeft = left !== undefined || existsSync(pidFile);
  rmSync(pidFile, { force: true });
  forgetServer(home);
  return wasLeft;
}

function inUse({ name, folder }: ServedFolder, pid: number, by: string): Error {
  return new Error(`${name} (process ${pid}), started by ${by}, runs on ${folder} already: stop it first`);
}

async function end(server: ProcessIdentity, { name, stopSignal, stopTimeoutMs }: ServedFolder): Promise<void> {
  const isGone = (): boolean => !isRunning(server);
  thawTree(server.pid);
  signal(server.pid, stopSignal);
  try {
    await eventually(isGone, { timeoutMs: stopTimeoutMs });
  } catch {
    if (!isGone()) killTree(server.pid);
    await eventually(isGone, {
      timeoutMs: KILL_TIMEOUT_MS,
      what: `${name} ${server.pid}, left by an earlier run, to end`,
    });
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

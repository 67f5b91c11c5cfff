import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.js";
import { commandLine, isAlive, killTree, signal, thawTree } from "./process-tree.js";

/** How long an orphan may take to shut down in order, ms; its last checkpoint is the long part. */
const ORPHAN_STOP_TIMEOUT_MS = 10_000;
/** From SIGKILL to gone is the kernel's work alone, ms. */
const KILL_TIMEOUT_MS = 5_000;

/** What a running PostgreSQL says of itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number;
  /** `starting`, `ready`, `stopping` or empty: line 8, the line `pg_ctl --wait` reads too. */
  status: string;
}

export function readPostmaster(folder: string): Postmaster | undefined {
  try {
    const lines = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
    return { pid: Number(lines[0]), status: (lines[7] ?? "").trim() };
  } catch {
    return undefined;
  }
}

/**
 * Stops a server that a killed stack left running on this cluster, and removes the file a dead one left: its process id may
 * belong to somebody else by now, which would keep PostgreSQL from starting.
 *
 * @returns whether a file was found, that is: whether the last run did not end in order.
 */
export async function clearPostmaster(folder: string): Promise<boolean> {
  const postmaster = readPostmaster(folder);
  if (!postmaster) return false;
  const { pid } = postmaster;
  if (isServerOf(pid, folder)) await stopOrphan(pid, folder);
  rmSync(join(folder, "postmaster.pid"), { force: true });
  return true;
}

function isServerOf(pid: number, folder: string): boolean {
  return pid > 0 && isAlive(pid) && commandLine(pid).includes(folder);
}

async function stopOrphan(pid: number, folder: string): Promise<void> {
  const gone = (): boolean => !isServerOf(pid, folder);
  thawTree(pid);
  signal(pid, "SIGINT");
  try {
    await eventually(gone, { timeoutMs: ORPHAN_STOP_TIMEOUT_MS });
  } catch {
    killTree(pid);
    await eventually(gone, { timeoutMs: KILL_TIMEOUT_MS, what: `PostgreSQL ${pid}, left by an earlier run, to end` });
  }
}

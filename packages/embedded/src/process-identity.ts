import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { isAlive, ON_LINUX, startOf } from "./process-tree.js";

/** One process, told apart from every other that ever had or will have its id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system tells it: only good for comparing. */
  readonly started: string;
}

/** @returns `undefined` when there is no such process */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : { pid, started: `${start}${ON_LINUX ? ` after boot ${bootId()}` : ""}` };
}

/** Whether this very process still runs; another one that got its id since does not count, nor does a zombie. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  return identityOf(pid)?.started === started && isAlive(pid);
}

/**
 * Whether a process works in a folder, as both servers do in that of their data: by its working directory, or where that
 * may not be seen (another account's process in a container) by an argument that names the folder.
 *
 * @param folder its real path
 */
export function worksIn(pid: number, folder: string): boolean {
  if (!isAlive(pid)) return false;
  const working = workingFolder(pid);
  return working === undefined ? argumentsOf(pid).includes(folder) : working === folder;
}

/** Linux counts a process's start from the boot, so the boot belongs to it. */
function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function workingFolder(pid: number): string | undefined {
  try {
    if (ON_LINUX) return readlinkSync(`/proc/${pid}/cwd`);
    const output = execFileSync("lsof", ["-a", "-p", String(pid), "-d", "cwd", "-Fn"], { encoding: "utf8" });
    return /^n(.*)$/m.exec(output)?.[1];
  } catch {
    return undefined;
  }
}

function argumentsOf(pid: number): string[] {
  try {
    return ON_LINUX ? readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") : [];
  } catch {
    return [];
  }
}

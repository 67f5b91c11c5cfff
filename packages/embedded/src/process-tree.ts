import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { platform } from "node:os";
import { kill, env as ownEnv } from "node:process";
import { errorCode } from "./file-problem.js";

export const ON_LINUX = platform() === "linux";

/** Sends a signal; `false` when the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return kill(pid, name);
  } catch {
    return false;
  }
}

/** Whether a process of this id runs; one that has ended and was not waited for yet (a zombie) does not. */
export function isAlive(pid: number): boolean {
  if (!ON_LINUX) return exists(pid);
  const state = linuxStat(pid)?.state;
  return state !== undefined && state !== "Z";
}

/** Another account's process exists too, though it may not be signalled. */
function exists(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** The command line of a process, empty when it is gone. */
export function commandLine(pid: number): string {
  try {
    return ON_LINUX
      ? readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      : execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

/** When a process started: in ticks since the boot on Linux, else to the second; `undefined` when it is gone. */
export function startOf(pid: number): string | undefined {
  if (ON_LINUX) return linuxStat(pid)?.start;
  try {
    const env = { ...ownEnv, LC_ALL: "C", TZ: "UTC" };
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The process that started it, or that took it over; `undefined` when it is gone. */
export function parentOf(pid: number): number | undefined {
  return ON_LINUX ? linuxStat(pid)?.parent : psProcesses().find((process) => process.pid === pid)?.parent;
}

/** A process and all its descendants, parents before their children. */
export function processTree(root: number): number[] {
  const all = ON_LINUX ? linuxProcesses() : psProcesses();
  const tree = [root];
  // The list grows while it is walked: every process found is asked for its own children.
  for (const pid of tree) tree.push(...all.filter(({ parent }) => parent === pid).map((child) => child.pid));
  return tree;
}

/**
 * Stops a process and its descendants where they stand. The root is first, so that it starts no more children; one that
 * appeared meanwhile is found by the next look.
 */
export function freezeTree(root: number): void {
  const frozen = new Set<number>();
  for (;;) {
    const running = processTree(root).filter((pid) => !frozen.has(pid));
    if (running.length === 0) return;
    for (const pid of running) {
      signal(pid, "SIGSTOP");
      frozen.add(pid);
    }
  }
}

/** Lets a frozen process and its descendants go on, children first: the root may wait for them at once. */
export function thawTree(root: number): void {
  for (const pid of processTree(root).reverse()) signal(pid, "SIGCONT");
}

/** Kills a process and its descendants, the root first: it must not replace a child that dies. */
export function killTree(root: number): void {
  for (const pid of processTree(root)) signal(pid, "SIGKILL");
}

interface ProcessEntry {
  pid: number;
  parent: number;
}

/** From /proc rather than `ps`, which small container images do not have. */
function linuxProcesses(): ProcessEntry[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    const stat = linuxStat(pid);
    return stat ? [{ pid, parent: stat.parent }] : [];
  });
}

/** Where the start is among the fields after the name: the 22nd of all. */
const START_FIELD = 19;

function linuxStat(pid: number): { state: string; parent: number; start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // "pid (name) state parent …": the name may hold spaces and brackets, so what counts starts after the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", parent: Number(fields[1]), start: fields[START_FIELD] ?? "" };
  } catch {
    return undefined;
  }
}

function psProcesses(): ProcessEntry[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return { pid: pid ?? 0, parent: parent ?? 0 };
  });
}

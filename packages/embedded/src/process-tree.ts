import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { platform } from "node:os";
import { kill } from "node:process";

const ON_LINUX = platform() === "linux";

/** Sends a signal; `false` when the process is gone. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return kill(pid, name);
  } catch {
    return false;
  }
}

/** Whether a process of this id runs; one that has ended and was not waited for yet (a zombie) does not. */
export function isAlive(pid: number): boolean {
  return signal(pid, 0) && (!ON_LINUX || linuxStat(pid)?.state !== "Z");
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

/** The process that started it, or that took it over; `undefined` when it is gone. */
export function parentOf(pid: number): number | undefined {
  return ON_LINUX ? linuxStat(pid)?.parent : psProcesses().find((process) => process.pid === pid)?.parent;
}

/** A process and all its descendants, parents before their children. */
export function processTree(root: number): number[] {
  const all = processes();
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

function processes(): ProcessEntry[] {
  return ON_LINUX ? linuxProcesses() : psProcesses();
}

/** From /proc rather than `ps`, which small container images do not have. */
function linuxProcesses(): ProcessEntry[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    const stat = linuxStat(pid);
    return stat ? [{ pid, parent: stat.parent }] : [];
  });
}

function linuxStat(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // "pid (name) state parent …": the name may hold spaces and brackets, so what counts starts after the last one.
    const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
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

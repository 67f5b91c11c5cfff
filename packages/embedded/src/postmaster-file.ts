import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a running PostgreSQL says of itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number;
  /** The cluster as it was started: line 2. */
  folder: string;
  /** `starting`, `ready`, `stopping` or empty: line 8, the line `pg_ctl --wait` reads too. */
  status: string;
}

export function postmasterFile(cluster: string): string {
  return join(cluster, "postmaster.pid");
}

/** @returns `undefined` when there is none */
export function readPostmaster(cluster: string): Postmaster | undefined {
  try {
    const lines = readFileSync(postmasterFile(cluster), "utf8").split("\n");
    return { pid: Number(lines[0]), folder: lines[1] ?? "", status: (lines[7] ?? "").trim() };
  } catch {
    return undefined;
  }
}

import { readFileSync } from "node:fs";
import { join } from "node:path";

export function postmasterFile(cluster: string): string {
  return join(cluster, "postmaster.pid");
}

/**
 * What a running PostgreSQL says of itself in `postmaster.pid`: in line 2 its cluster as it was started, in line 8, which
 * `pg_ctl --wait` reads too, `starting`, `ready`, `stopping` or nothing.
 *
 * @returns `undefined` when there is none
 */
export function readPostmaster(cluster: string) {
  try {
    const [pid, folder = "", , , , , , status = ""] = readFileSync(postmasterFile(cluster), "utf8").split("\n");
    return { pid: Number(pid), folder, status: status.trim() };
  } catch {
    return undefined;
  }
}

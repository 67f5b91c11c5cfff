import { rmSync } from "node:fs";
import { join } from "node:path";
import { pid as ownPid } from "node:process";
import { identityOf, isRunning, type ProcessIdentity } from "./process-identity.js";
import { readKept, writeAside } from "./write-aside.js";

/** Which process serves a folder, and which one started it. */
export interface ServerRecord {
  readonly server: ProcessIdentity;
  readonly parent: ProcessIdentity;
}

function recordFile(home: string): string {
  return join(home, "server.json");
}

/** Notes, beside a server's data, which process was started on it just now. */
export function recordServer(home: string, pid: number): void {
  const record = { server: identityOf(pid), parent: identityOf(ownPid) };
  try {
    writeAside(recordFile(home), `${JSON.stringify(record)}\n`);
  } catch {
    // A full disk must not stop a server that can run. Were it orphaned, the next start would tell of it instead of ending it.
  }
}

export function forgetServer(home: string): void {
  rmSync(recordFile(home), { force: true });
}

/** The server that was started on this data last and not seen to end, and whether that very process still runs. */
export function recordedServer(home: string): { record: ServerRecord; runs: boolean } | undefined {
  const record = parseRecord(readKept(recordFile(home)));
  return record && { record, runs: isRunning(record.server) };
}

function parseRecord(text: string | undefined): ServerRecord | undefined {
  try {
    const record = JSON.parse(text ?? "") as ServerRecord; // Written above; what is not is refused below.
    return isIdentity(record.server) && isIdentity(record.parent) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isIdentity(value: ProcessIdentity | undefined): boolean {
  return Number.isInteger(value?.pid) && typeof value?.started === "string";
}

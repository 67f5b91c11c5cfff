import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";

const GUARDIAN_SCRIPT = fileURLToPath(new URL("../guardian.sh", import.meta.url));

/** How the guardian first asks a process to end, before it kills it. */
export type GuardianSignal = "INT" | "QUIT" | "TERM";

/**
 * Makes sure that a process ends when this one dies, whatever killed it: a shell of about 1 MB waits for the end of a pipe
 * that only this process holds. It is a session leader of its own, so that neither Ctrl-C nor a kill of the whole process
 * group reaches it.
 *
 * @param folder removed afterwards, when given.
 * @returns call it when the process has ended in order.
 */
export function guard(pid: number, signal: GuardianSignal, folder = ""): () => void {
  const guardian = spawn("/bin/sh", [GUARDIAN_SCRIPT, String(pid), signal, folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guardian.unref();
  // A guardian that was killed itself has nothing left to be told.
  guardian.on("error", () => undefined);
  guardian.stdin.on("error", () => undefined);
  if (guardian.stdin instanceof Socket) guardian.stdin.unref();
  return () => guardian.stdin.end("released\n");
}

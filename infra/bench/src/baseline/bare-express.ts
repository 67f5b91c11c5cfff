import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, GuardedProcess, ReadyProcess } from "@fx-ohlc/embedded";
import type { Lab } from "../lab.js";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));
const READY_TIMEOUT_MS = 10_000;

/**
 * Starts the bare Express server, which goes on until the lab is closed.
 *
 * @param bytesFile what it answers a GET with
 * @returns its address
 */
export async function startBareExpress(lab: Lab, bytesFile?: string): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = new GuardedProcess({
    name: "bare Express",
    command: execPath,
    args: bytesFile === undefined ? [MAIN] : [MAIN, bytesFile],
    env: { PORT: String(port) },
    stopSignal: "SIGTERM",
    stopTimeoutMs: 1000,
    orphanSignal: "TERM",
  });
  const isReady = async (): Promise<boolean> => (await fetch(url)).ok;
  const server = new ReadyProcess({ process, isReady, readyTimeoutMs: READY_TIMEOUT_MS });
  await server.start();
  lab.onClose(() => server.stop());
  return url;
}
